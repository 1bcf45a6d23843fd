// Every reason the operator gives, what it means, and what lifts it. Conditions, Events, refusals and the docs speak from here.

import type { RejectionReason } from '../license/claims.ts'

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
  // what a person should know beside the verdict
  | 'LicenseStays'
  | 'Expiring'
  | 'Followed'
  | 'KeyEndsEarlier'
  | 'RevocationAnnounced'
  | 'NextRestriction'
  | 'OverageInGrace'
  | 'SoftLimitExceeded'
  | 'OtherPlan'
  | 'OtherOrganization'
  | 'AddonNotLicensed'
  | 'ConfigNotUsed'
  | 'UnknownAgent'
  // what became of carrying a decision out
  | 'NotSupported'
  | 'PolicyEnforced'
  | 'CarryingOut'
  | 'NotCarriedOut'
  | 'GateClosed'
  | 'GateOpen'
  | 'GateOutdated'
  | 'GateNotTried'
  | 'AgentsRefused'
  | 'RefusedByCluster'
  | 'PodsRefused'
  | 'PodsNotReady'
  | 'Contested'
  | 'NotPublished'
  | 'StatusNotWritten'
  | 'EvidenceNotKept'
  | 'NoRoom'
  | 'MemoryNotBelieved'
  | 'EvidenceNotBelieved'
  | 'NotReadable'
  | 'AgentWithoutLabel'
  | 'SurveyFailed'
  | 'OtherTrustedKeys'
  | 'CrdsOutdated'
  | 'CatalogOutdated'
  // whether somebody decides at all
  | 'Overdue'
  | 'NobodyDecides'
  | 'NotKnown'
  | 'LicenseElsewhere'

/**
 * The severity of a problem. `info`: nothing is wrong. `warning`: somebody should look into it. `critical`: something is refused that was
 * not before, or what is decided is not enforced.
 */
export type Severity = 'info' | 'warning' | 'critical'

interface Explanation {
  readonly meaning: string
  readonly cure: string
  /** By default a warning. */
  readonly severity?: Severity
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
    meaning:
      "The clock shows an earlier time than it has shown before, or than the API server's. Licenses are judged by the latest known time, and by the API server's after 72 hours at the latest.",
    cure: 'Set the clock of the nodes right, that of the API server too; NTP does it by itself.',
  },
  ClockAhead: {
    meaning: "The clock is ahead of the API server's. Licenses are judged by the API server's.",
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

  LicenseStays: {
    meaning: 'The license file that is there now is of no use here or now, so the one before it goes on.',
    cure: 'Install a license that may be used here and has begun, or put the one before it back.',
  },
  Expiring: { meaning: 'The license ends soon, and no other one follows it.', cure: 'Renew the license.' },
  Followed: {
    meaning: 'The license ends soon, and another one follows it without a gap.',
    cure: NOTHING_TO_DO,
    severity: 'info',
  },
  KeyEndsEarlier: {
    meaning: 'The license is signed with a key that may be used no longer before the license ends.',
    cure: NEW_LICENSE_FILE,
  },
  RevocationAnnounced: {
    meaning: 'The vendor has revoked the license, with effect from a date that is still to come.',
    cure: 'Ask your vendor.',
  },
  NextRestriction: {
    meaning: 'The license has ended, and a further restriction begins on the date that is said.',
    cure: 'Renew the license.',
  },
  OverageInGrace: {
    meaning: 'The cluster has more nodes than licensed. After the period of grace growth is refused.',
    cure: 'Remove nodes, or install a license for more nodes.',
  },
  SoftLimitExceeded: {
    meaning: 'There are more than the license is for. The limit is soft: nothing is refused.',
    cure: 'Ask your vendor for a larger license.',
  },
  OtherPlan: {
    meaning: 'The PlatformConfig expects another plan (spec.license.tier) than the one that applies.',
    cure: 'Install a license of that plan, or correct spec.license.tier.',
  },
  OtherOrganization: {
    meaning: 'The PlatformConfig expects a license of another organization (spec.license.organization).',
    cure: 'Install the license of that organization, or correct spec.license.organization.',
  },
  AddonNotLicensed: {
    meaning: 'The PlatformConfig asks for an add-on that is not licensed.',
    cure: 'Install a license with the add-on, or switch it off in the PlatformConfig.',
  },
  ConfigNotUsed: {
    meaning: 'There are several PlatformConfigs of one product. The oldest counts, and the others do nothing.',
    cure: 'Delete the PlatformConfigs that are not needed.',
  },
  UnknownAgent: {
    meaning: 'The label of a workload names an agent that the product does not know.',
    cure: 'Correct the label.',
  },

  NotSupported: {
    meaning:
      'The API server has no ValidatingAdmissionPolicies. What is not admitted is scaled to zero after it was made, and what is admitted may grow.',
    cure: 'Upgrade Kubernetes to 1.30 or later, or serve admissionregistration.k8s.io/v1.',
  },
  PolicyEnforced: { meaning: 'The API server can refuse growth itself.', cure: NOTHING_TO_DO },
  CarryingOut: {
    meaning: 'The operator is carrying out what it has decided.',
    cure: 'Nothing to do: it is over in a moment.',
    severity: 'info',
  },
  NotCarriedOut: {
    meaning: 'The operator cannot carry out a part of what it has decided. It is tried again.',
    cure: 'The message has the words of the API server: change what refuses it.',
  },
  GateClosed: { meaning: 'The API server enforces the admission policies.', cure: NOTHING_TO_DO },
  GateOpen: {
    meaning: 'The API server does not enforce the admission policies: it would create what no license admits.',
    cure: 'Look at the ValidatingAdmissionPolicies of the product, at their bindings and at the label of the namespace.',
    severity: 'critical',
  },
  GateOutdated: {
    meaning: 'The API server enforces an earlier decision than the one that is published.',
    cure: 'Wait a moment; if it stays, look at the log of the API server.',
    severity: 'critical',
  },
  GateNotTried: {
    meaning: 'Something else answers for the API server, so that nobody can tell whether it enforces the policies.',
    cure: 'Let the webhook or policy that is named leave out dry runs of the operator.',
  },
  AgentsRefused: {
    meaning: 'Something in the cluster refuses every agent, whatever the license says.',
    cure: 'Change the policy, quota or webhook that is named, or exempt the namespace from it.',
    severity: 'critical',
  },
  RefusedByCluster: {
    meaning: 'Something in the cluster refuses what the operator writes for the PlatformConfig.',
    cure: 'Change the policy, quota or webhook that is named. It is tried again every few minutes.',
  },
  PodsRefused: {
    meaning: 'An agent is admitted and its workload is there, but the cluster refuses its pods.',
    cure: 'Change the quota, limit, webhook or security standard that is named.',
  },
  PodsNotReady: {
    meaning: 'An agent is admitted and its workload is there, but its pods do not become ready.',
    cure: 'Look at the pods of the workload and at their Events.',
  },
  Contested: {
    meaning: 'Somebody changes an object of the operator again and again, and the operator puts it right.',
    cure: 'Let only one of them write it.',
  },
  NotPublished: {
    meaning: 'The Entitlement could not be written. The API server goes by the decision before.',
    cure: 'The message has the words of the API server: change what refuses it.',
    severity: 'critical',
  },
  StatusNotWritten: {
    meaning: 'The status of a License or PlatformConfig could not be written, and says what was decided earlier.',
    cure: 'The message has the words of the API server: change what refuses it.',
  },
  EvidenceNotKept: {
    meaning: 'What licenses have revoked and replaced could not be kept for a restart. It is tried again.',
    cure: 'Let the operator write its Secret.',
  },
  NoRoom: {
    meaning: 'The Secret that keeps the license files for a restart has no room for all of them.',
    cure: 'Delete Licenses that are not needed.',
  },
  EvidenceNotBelieved: {
    meaning:
      'A time that lies ahead of every clock was written into the Secret of the evidence while no operator ran. It is not believed, and taken out.',
    cure: 'Find out who may write that Secret, and whether a clock was wrong.',
  },
  MemoryNotBelieved: {
    meaning: 'Somebody has changed what the Entitlement says of earlier decisions, so it is not believed.',
    cure: 'Nothing to do: what runs has its notice. The audit log of the API server knows who it was.',
  },
  NotReadable: {
    meaning: 'The operator cannot read a kind of object, so it goes by what it read before.',
    cure: 'Grant the right that is missing, or look why the API server does not answer.',
  },
  AgentWithoutLabel: {
    meaning: 'A workload runs the image of an agent and has not the label by which agents are counted.',
    cure: 'Set the label, or remove the workload.',
  },
  SurveyFailed: {
    meaning: 'The cluster could not be looked through for agents without a label.',
    cure: 'The message has the words of the API server. It is tried again within the hour.',
  },
  CatalogOutdated: {
    meaning:
      'The operator was started with an older catalog than one that has been in force here, or with the one that is built in. The newer one stays in force.',
    cure: 'Start the operator with the newest catalog of the vendor. To go back to older rules, the vendor signs them again: then they are the newest.',
  },
  OtherTrustedKeys: {
    meaning: 'The operator runs outside of a pod, and trusts other keys than those that come with its image.',
    cure: 'Compare the fingerprints in status.trustedKeys of the Entitlement with those of the vendor. In a pod the operator does not start with other keys.',
  },
  CrdsOutdated: {
    meaning: 'The CRDs are older than the operator: the API server drops fields of what the operator publishes.',
    cure: 'Run kubectl apply --server-side -f crds/, or upgrade the chart.',
  },

  Overdue: {
    meaning: 'A decision was to change at a time that has passed, and has not.',
    cure: 'See whether the operator runs: cto check.',
    severity: 'critical',
  },
  NobodyDecides: {
    meaning: 'No operator is at work. What runs keeps running, and nothing new is decided.',
    cure: 'See why the operator does not run: cto check.',
    severity: 'critical',
  },
  NotKnown: {
    meaning: 'Whether an operator is at work could not be looked up.',
    cure: 'Nothing to do; whoever may read the Lease of the operator is told more.',
    severity: 'info',
  },
  LicenseElsewhere: {
    meaning: 'A Secret with the name of the license lies in a namespace in which nobody reads it.',
    cure: 'Install it with cto license install, or name it in a License.',
  },
}

/** What an Event says has happened, where that is no reason of a state. */
export type Happening =
  | 'AgentRestored'
  | 'Held'
  | 'LeaderElection'
  | 'MarkNotOurs'
  | 'NotResumed'
  | 'PlanChanged'
  | 'PolicyUpdated'
  | 'Recovered'
  | 'RestrictionsLifted'
  | 'Resumed'
  | 'TamperingRestored'

declare const level: unique symbol
/** How the catalog calls a level of the restrictions after the end of a license. */
export type Level = string & { readonly [level]: true }

/** All that can be the reason of an Event. */
export type EventReason = Reason | Happening | Level

export const happenings: Readonly<Record<Happening, Explanation>> = {
  AgentRestored: {
    meaning: 'Somebody else changed or deleted the Deployment of an agent, and the operator has put it right.',
    cure: 'Set what an agent runs in the PlatformConfig.',
  },
  Held: {
    meaning: 'The operator has scaled a workload to 0 replicas. The note says why.',
    cure: 'The replicas come back by themselves when that reason is gone.',
  },
  LeaderElection: { meaning: 'A replica of the operator has begun to decide.', cure: NOTHING_TO_DO },
  MarkNotOurs: {
    meaning: 'Somebody else had marked a workload as held. The marks are gone, and it is not held.',
    cure: 'Scale it to start it.',
  },
  NotResumed: {
    meaning: 'A workload that was held may run again, and stays at the 0 replicas that somebody set in between.',
    cure: 'Scale it to start it.',
  },
  PlanChanged: { meaning: 'Another plan applies than before.', cure: NOTHING_TO_DO },
  PolicyUpdated: {
    meaning: 'The admission policies were those of another version of the operator, and have the form of this one now.',
    cure: NOTHING_TO_DO,
  },
  Recovered: {
    meaning: 'Something that was reported before is over. The note names its condition and what was wrong.',
    cure: NOTHING_TO_DO,
  },
  RestrictionsLifted: {
    meaning: 'Every restriction after the end of the license was lifted.',
    cure: NOTHING_TO_DO,
  },
  Resumed: { meaning: 'A workload that was held has its replicas back.', cure: NOTHING_TO_DO },
  TamperingRestored: {
    meaning:
      'Somebody else changed or deleted an object that the operator relies on, and the operator has put it right.',
    cure: 'The audit log of the API server knows who it was.',
  },
}

/** The reason of something that we have published ourselves, which types as a text. */
export function publishedReason(text: string): EventReason {
  return text as EventReason
}

/** How bad a reason is that was read somewhere. */
export function severityOf(reason: Reason): Severity {
  return reasons[reason].severity ?? 'warning'
}

export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text)
}

/** What lifts a reason that was read somewhere; undefined for one that this version does not know. */
export function cureOf(reason: string): string | undefined {
  return isReason(reason) ? reasons[reason].cure : undefined
}

/** Whether it says that a license is not there (yet): that is no license, and not a bad one. */
export function isMissing(reason: Reason): boolean {
  return reason === 'PendingActivation' || reason === 'SecretNotFound' || reason === 'SecretKeyNotFound'
}
