// Every form in which a license may come, written alike: what must hold for all of them is tested from this table.

import { DAY, formatInstant } from '../../../../src/domain/time.ts'
import type { ReadLicenseOptions } from '../../../../src/domain/license/read-license.ts'
import type { SignatureAlgorithm } from '../../../../src/domain/license/signature.ts'
import type { SigningKey } from '../../../../src/issuing/keys/signing-key.ts'
import { NOW, payload, rawSignature, seconds } from './signed.ts'

export interface LicenseForm {
  readonly name: string
  readonly alg: SignatureAlgorithm
  /** A team license; `sign` is given exactly the bytes that the form signs. */
  readonly write: (facts: LicenseFacts, keyId: string, sign: Sign) => string
  /** How a product reads the form, where it needs to be told. */
  readonly options: Partial<ReadLicenseOptions>
}

export type Sign = (message: Uint8Array) => Uint8Array

export interface LicenseFacts {
  readonly id: string
  readonly organization: string
}

const PLAIN_JWT = { issuer: 'license.example.com', limits: { max_teams: 'teams' } }

export const FORMS: readonly LicenseForm[] = [
  { name: 'JWS EdDSA', alg: 'EdDSA', write: writeJws('EdDSA'), options: {} },
  { name: 'JWS ES256', alg: 'ES256', write: writeJws('ES256'), options: {} },
  { name: 'JWS RS256', alg: 'RS256', write: writeJws('RS256'), options: {} },
  { name: 'JWT EdDSA', alg: 'EdDSA', write: writePlainJwt('EdDSA'), options: { jwt: PLAIN_JWT } },
  { name: 'JWT RS256', alg: 'RS256', write: writePlainJwt('RS256'), options: { jwt: PLAIN_JWT } },
  { name: 'CTO JSON', alg: 'EdDSA', write: writeCtoJson, options: {} },
]

/** A license as its vendor makes it. */
export function issue(form: LicenseForm, facts: LicenseFacts, { keyId, privateKey, alg }: SigningKey): string {
  return form.write(facts, keyId, (message) => rawSignature(privateKey, alg, message))
}

function writeJws(alg: SignatureAlgorithm): LicenseForm['write'] {
  return ({ id, organization }, kid, sign) =>
    compact({ alg, kid, typ: 'license+jwt' }, { ...payload, jti: id, sub: organization }, sign)
}

function writePlainJwt(alg: SignatureAlgorithm): LicenseForm['write'] {
  return ({ id, organization }, _keyId, sign) => {
    const { iat, exp } = payload
    const content = {
      iss: PLAIN_JWT.issuer,
      sub: organization,
      iat,
      exp,
      entitlements: { tier: 'team', max_teams: 5, id },
    }
    return compact({ alg, typ: 'JWT' }, content, sign)
  }
}

function compact(header: object, content: object, sign: Sign): string {
  const input = [header, content].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${Buffer.from(sign(Buffer.from(input))).toString('base64url')}`
}

function writeCtoJson({ id, organization }: LicenseFacts, _keyId: string, sign: Sign): string {
  const [issuedAt, expiresAt] = [NOW - 10 * DAY, NOW + 300 * DAY]
  const signed = `${id}:2:${organization}:10:0:${seconds(issuedAt)}:${seconds(expiresAt)}`
  return JSON.stringify({
    id,
    tier: 'Team',
    organization,
    max_nodes: 10,
    max_agents: 0,
    features: ['SsoIntegration'],
    issued_at: formatInstant(issuedAt),
    expires_at: formatInstant(expiresAt),
    signature: Buffer.from(sign(Buffer.from(signed))).toString('hex'),
  })
}
