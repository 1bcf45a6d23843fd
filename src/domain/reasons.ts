// Every reason the operator gives, what it means, and what lifts it. Conditions, Events, refusals and the docs speak from here.

import type { RejectionReason } from './license/claims.ts'

export type Verdict =
  'InvalidSignature' | 'ClusterTypeNotAllowed' | 'Expired' | 'NodeLimitExceeded' | 'Revoked' | 'Valid'

export type Reason =
  | Verdict
  | RejectionReason
  // a license
  | 'FreePlan'
  | 'NotYetValid'
  | 'WrongCluster'
  | 'PendingActivation'
  | 'SecretNotFound'
  | 'SecretKeyNotFound'
  | 'Superseded'
  | 'Replaced'
  | 'Future'
  // what a decision rests on beside the licenses
  | 'RevocationListOutdated'
  | 'RevocationListRefused'
  | 'ClockRolledBack'
  | 'ClockAhead'
  // an agent
  | 'Admitted'
  | 'AgentNotInPlan'
  | 'AgentLimitReached'
  | 'NameTaken'
  // growth after the end of a license
  | 'NewAgentsBlocked'
  | 'ReadOnly'

interface Explanation {
  readonly meaning: string
  readonly cure: string
}

/** The cure of what is no problem. */
export const NOTHING_TO_DO = 'Nothing to do.'
const NEW_LICENSE_FILE = 'Ask your vendor for a new license file and replace the Secret.'

export const reasons: Readonly<Record<Reason, Explanation>> = {
  Valid: { meaning: 'A license is in force and everything is within it.', cure: NOTHING_TO_DO },
  InvalidSignature: {
    meaning: 'A license was installed, but it is not one that the vendor signed for this product and cluster.',
    cure: 'See the License resource: its reason says what is wrong with the file.',
  },
  ClusterTypeNotAllowed: {
    meaning: 'The plan may not be used on this type of cluster.',
    cure: 'Install a license for a plan that may be used here; the free plan is for Kind clusters only.',
  },
  Expired: {
    meaning: 'The license has ended. Restrictions begin gradually, and what runs keeps running.',
    cure: 'Renew the license: every restriction lifts within a second of the new one.',
  },
  NodeLimitExceeded: {
    meaning: 'The cluster has had more nodes than licensed for longer than the period of grace.',
    cure: 'Remove nodes, or install a license for more nodes.',
  },
  Revoked: { meaning: 'The vendor has withdrawn the license.', cure: 'Ask your vendor.' },

  TooLarge: { meaning: 'The file is larger than any license.', cure: 'Check that the Secret holds the license file.' },
  MalformedLicense: { meaning: 'The file is not a license.', cure: 'Check that the Secret holds the license file.' },
  MalformedHeader: { meaning: 'The header of the license is not as it must be.', cure: NEW_LICENSE_FILE },
  MalformedClaims: { meaning: 'The content of the license is not as it must be.', cure: NEW_LICENSE_FILE },
  UnknownKey: {
    meaning: 'The license is signed with a key that this operator does not trust.',
    cure: 'Upgrade the operator if the vendor has a new key, or ask your vendor for a license for this product.',
  },
  KeyNotValidNow: {
    meaning: 'The license is signed with a key outside the period in which the key may be used.',
    cure: NEW_LICENSE_FILE,
  },
  WrongAlgorithm: {
    meaning: 'The license names another signature algorithm than its key has.',
    cure: NEW_LICENSE_FILE,
  },
  BadSignature: {
    meaning: 'The signature does not fit the content: the file was damaged or changed.',
    cure: 'Copy the license file again from where the vendor gave it to you.',
  },
  WrongProduct: { meaning: 'The license is for another product.', cure: 'Install the license for this product.' },
  UnknownPlan: {
    meaning: 'The license is for a plan that this version of the operator does not know.',
    cure: 'Upgrade the operator.',
  },
  DateOutOfRange: { meaning: 'A date of the license is not possible.', cure: NEW_LICENSE_FILE },

  FreePlan: { meaning: 'No license is installed, so the free plan applies.', cure: 'Install a license for more.' },
  NotYetValid: { meaning: 'The license begins later.', cure: 'Wait until it begins; it takes effect by itself.' },
  WrongCluster: {
    meaning: 'The license is bound to another cluster.',
    cure: 'Ask your vendor for a license for this cluster; its UID is in the status.',
  },
  PendingActivation: {
    meaning: 'A license key was given, which has to be exchanged for a license online. This has not happened.',
    cure: 'Put a license file into a Secret and name it in a License resource.',
  },
  SecretNotFound: { meaning: 'The Secret that the License names does not exist.', cure: 'Create the Secret.' },
  SecretKeyNotFound: {
    meaning: 'The Secret exists, but not the key in it that the License names.',
    cure: 'Correct the key in the Secret or in spec.secretRef.key.',
  },
  Superseded: { meaning: 'Another license is better and is used instead.', cure: NOTHING_TO_DO },
  Replaced: {
    meaning: 'The vendor has replaced the license with a newer one, and the older one no longer counts.',
    cure: 'Install the newer license; if it is lost, ask your vendor for it.',
  },
  RevocationListOutdated: {
    meaning:
      'The revocation list in the cluster is older than one that was there before. The newer one stays in force.',
    cure: 'Ask your vendor for the newest list and replace the Secret.',
  },
  RevocationListRefused: {
    meaning:
      'The revocation list is not one that the vendor signed for this product. The list before it stays in force.',
    cure: 'Ask your vendor for the list again and replace the Secret.',
  },
  ClockRolledBack: {
    meaning: 'The clock shows an earlier time than it has shown before. Licenses are judged by the latest known time.',
    cure: 'Set the clock of the nodes right; NTP does it by itself.',
  },
  ClockAhead: {
    meaning: 'The clock is ahead of everything else that tells the time. Licenses are judged by what the others say.',
    cure: "Set the clock of the operator's node right; NTP does it by itself.",
  },
  Future: { meaning: 'The license begins later.', cure: 'Nothing to do: it takes effect by itself.' },

  Admitted: { meaning: 'The agent may run.', cure: NOTHING_TO_DO },
  AgentNotInPlan: {
    meaning: 'The plan does not include this agent.',
    cure: 'Install a license for a plan that includes it, or remove the agent.',
  },
  AgentLimitReached: {
    meaning: 'As many agents as the license allows are there already.',
    cure: 'Remove another agent, or install a license for more agents.',
  },
  NameTaken: {
    meaning: 'A Deployment of the same name exists that the operator did not create.',
    cure: 'Rename or delete that Deployment; the operator never takes one over.',
  },

  NewAgentsBlocked: {
    meaning: 'The license ended so long ago that no new agent may start. What runs keeps running.',
    cure: 'Renew the license.',
  },
  ReadOnly: {
    meaning: 'The license ended so long ago that the platform is read-only. What runs keeps running.',
    cure: 'Renew the license.',
  },
}

/** What lifts a reason that was read somewhere; undefined for one that this version does not know. */
export function cureOf(reason: string): string | undefined {
  return Object.hasOwn(reasons, reason) ? reasons[reason as Reason].cure : undefined
}

/** Whether it says that a license is not there (yet): that is no license, and not a bad one. */
export function isMissing(reason: Reason): boolean {
  return reason === 'PendingActivation' || reason === 'SecretNotFound' || reason === 'SecretKeyNotFound'
}
