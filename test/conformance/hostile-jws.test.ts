// Hostile tokens: what each attack on a compact JWS meets, and under which reason it is refused.

import { describe, expect, test } from 'vitest'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { outcome, PLANS } from '../unit/domain/license/signed.ts'
import { NEEDS_VECTORS, readVectors, VECTORS_ABSENT } from './public-vectors.ts'
import { ACCEPTED, expectVerdicts, named, type Verdict } from './verdicts.ts'

interface Cases {
  readonly now: number
  readonly iss: string
  readonly aud: string
  readonly jwks: { readonly keys: readonly object[] }
  readonly tests: readonly { readonly name: string; readonly expect: string; readonly token: string }[]
}

const CONTROL = 'control-valid'
// The names in the header are looked at before the algorithm. `aud-array-contains` is the one case that is left to the
// verifier: a license is for one product, so a list of them is refused.
const EXPECTED = named({
  [ACCEPTED]: CONTROL,
  TooLarge: 'payload-deep-10k',
  MalformedLicense: `
    alg-none-nosig alg-None-nosig alg-NONE-nosig alg-nOnE-nosig alg-empty-nosig crit-b64-false payload-empty sig-empty`,
  MalformedHeader: `
    alg-none-keepsig alg-None-keepsig alg-NONE-keepsig alg-nOnE-keepsig alg-empty-keepsig alg-missing alg-null alg-array
    alg-lowercase alg-trailing-space embedded-jwk header-jku header-x5u header-x5c crit-unknown crit-empty
    b64-false-nocrit crit-exp cty-JWT-nested bom-header`,
  MalformedClaims: `
    bad-utf8-payload lone-surrogate aud-array-contains aud-missing iss-array sub-object payload-array payload-null
    payload-string payload-trailing-garbage payload-comment`,
  WrongProduct: 'aud-wrong',
  UnknownKey: 'iss-wrong iss-case',
  BadSignature: 'sig-flip-first-bit sig-truncated sig-zero64 sig-other-token sig-malleable-S+L',
})

describe.skipIf(VECTORS_ABSENT)(`hostile tokens ${NEEDS_VECTORS}`, () => {
  test('each is refused for its own reason', async (context) => {
    const { tests, jwks, iss, aud, now }: Cases = readVectors('hostile-jws/cases.json')
    // The cases expect one issuer; here a trusted key says for whom it signs.
    const keys = parseTrustedKeys(JSON.stringify({ keys: jwks.keys.map((key) => ({ ...key, iss })) }))
    const verdicts = new Map<string, Verdict>()
    for (const { name, token } of tests) {
      const answer = await outcome(token, { keys, product: aud, plans: PLANS, now: now * 1000 })
      verdicts.set(name, answer === 'authentic' ? ACCEPTED : answer)
    }
    expectVerdicts(context, 'hostile-jws', verdicts, EXPECTED)
    expect(tests.filter((one) => one.expect === 'accept').map(({ name }) => name)).toEqual([CONTROL])
  })
})
