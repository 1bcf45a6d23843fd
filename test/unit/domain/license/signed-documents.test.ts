// Revocation lists and catalogs: each with its own type and its own key, so that none passes for another or for a license.

import { describe, expect, test } from 'vitest'
import cto from '../../../../src/catalogs/cto.json' with { type: 'json' }
import { DAY } from '../../../../src/domain/time.ts'
import { LICENSE, REVOCATION_LIST, SIGNED_CATALOG } from '../../../../src/domain/license/compact-jws.ts'
import { readRevocationList } from '../../../../src/domain/license/revocation-list.ts'
import { readSignedCatalog } from '../../../../src/domain/catalog/signed-catalog.ts'
import { jws, newKey, NOW, outcome, payload, seconds } from './signed.ts'

const licenseKey = await newKey('for-licenses')
const revocationKey = await newKey('for-revocations', 'EdDSA', 'revocation')
const catalogKey = await newKey('for-catalogs', 'EdDSA', 'catalog')
const keys = new Map([licenseKey, revocationKey, catalogKey].flatMap(({ trust }) => [...trust]))

const list = {
  iss: '5D Labs',
  aud: 'cto',
  iat: seconds(NOW - DAY),
  version: 7,
  revoked: [{ jti: 'lic-1', at: seconds(NOW - 2 * DAY) }],
}
const signedList = (content: object | string, typ = REVOCATION_LIST.type, key = revocationKey) =>
  jws({ alg: 'EdDSA', kid: key.keyId, typ }, content, key)
const readList = (text: string, now = NOW) => readRevocationList(text, { keys, product: 'cto', now })
const signedCatalog = (content: object, typ = SIGNED_CATALOG.type, key = catalogKey) =>
  jws({ alg: 'EdDSA', kid: key.keyId, typ }, content, key)

test('a list says when which license was revoked', async () => {
  expect(await readList(`${signedList(list)}\n`)).toEqual({
    kind: 'authentic',
    list: { product: 'cto', version: 7, issuedAt: NOW - DAY, revoked: new Map([['lic-1', NOW - 2 * DAY]]) },
  })
})

describe('a list is refused', () => {
  test.each([
    ['signed by a key for licenses', signedList(list, REVOCATION_LIST.type, licenseKey), 'UnknownKey'],
    ['typed as a license', signedList(list, LICENSE.type), 'MalformedHeader'],
    ['for another product', signedList({ ...list, aud: 'clawtex' }), 'WrongProduct'],
    ['without a version', signedList({ ...list, version: undefined }), 'MalformedClaims'],
    ['with version 0', signedList({ ...list, version: 0 }), 'MalformedClaims'],
    ['from the future', signedList({ ...list, iat: seconds(NOW + DAY) }), 'DateOutOfRange'],
    ['with a date in milliseconds', signedList({ ...list, revoked: [{ jti: 'a', at: NOW }] }), 'DateOutOfRange'],
    ['with a license twice', signedList({ ...list, revoked: [list.revoked[0], list.revoked[0]] }), 'MalformedClaims'],
    ['with a name twice', signedList('{"version":1,"version":2}'), 'MalformedClaims'],
    ['with something behind it', `${signedList(list)}\n.`, 'MalformedLicense'],
    ['that is too large', 'x'.repeat(400_000), 'TooLarge'],
  ])('%s', async (_what, text, reason) => {
    expect(await readList(text)).toMatchObject({ kind: 'rejected', reason })
  })
})

test('a catalog comes with its signature or not at all', async () => {
  const catalog = { ...cto, product: 'something-new', title: 'Something New' }
  const text = signedCatalog({ iss: '5D Labs', iat: seconds(NOW), version: 3, catalog })
  expect(await readSignedCatalog(`${text}\n`, keys, NOW)).toMatchObject({
    catalog: { product: 'something-new' },
    version: 3,
    text,
  })
  const rejected: readonly (readonly [text: string, problem: RegExp])[] = [
    [
      signedCatalog({ iss: '5D Labs', iat: seconds(NOW), version: 3, catalog }, SIGNED_CATALOG.type, licenseKey),
      /trusted for license/,
    ],
    [signedCatalog({ iss: '5D Labs', iat: seconds(NOW), version: 3, catalog }, LICENSE.type), /must have the typ/],
    [signedCatalog({ iss: '5D Labs', iat: seconds(NOW + DAY), version: 3, catalog }), /issued in the future/],
    [
      signedCatalog({ iss: '5D Labs', iat: seconds(NOW), version: 3 }),
      /the content of the catalog is not as it must be: catalog/,
    ],
    [signedCatalog({ iss: '5D Labs', iat: seconds(NOW), catalog }), /not as it must be: version/],
    [signedCatalog({ iss: '5D Labs', iat: seconds(NOW), version: 0, catalog }), /not as it must be: version/],
    ['x'.repeat(97 * 1024), /the catalog is larger than 96 KiB/],
    [`${text.slice(0, -4)}AAAA`, /damaged or changed/],
  ]
  for (const [bad, problem] of rejected) await expect(readSignedCatalog(bad, keys, NOW)).rejects.toThrow(problem)
})

test('none of them passes for a license', async () => {
  for (const text of [
    signedList({ ...payload }),
    signedCatalog({ ...payload }),
    signedList({ ...payload }, LICENSE.type),
    signedCatalog({ ...payload }, LICENSE.type),
  ]) {
    expect(['MalformedHeader', 'UnknownKey']).toContain(await outcome(text, { keys }))
  }
})
