// What people put into the Secret instead of the license: each gets its own sentence, and none is quoted.

import { expect, test } from 'vitest'
import { payload, read, token } from './signed.ts'

const license = token(payload)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const pem = (type: string) => `-----BEGIN ${type}-----\nc2VjcmV0\n-----END ${type}-----\n`

test.each([
  ['nothing', '', 'MalformedLicense', 'the license file is empty'],
  ['blanks', ' \n\n', 'MalformedLicense', 'the license file is empty'],
  ['an activation key', 'lic_c2VjcmV0\n', 'MalformedLicense', /^this is an activation key, .* spec\.key/],
  ['a private key', pem('PRIVATE KEY'), 'MalformedLicense', /^this is a private key, .* replace the key$/],
  ['an RSA private key', pem('RSA PRIVATE KEY'), 'MalformedLicense', /^this is a private key/],
  ['a certificate', pem('CERTIFICATE'), 'MalformedLicense', /^this is a PEM file/],
  ['a kubeconfig', 'apiVersion: v1\nkind: Config\nusers: c2VjcmV0', 'MalformedLicense', /^this is a kubeconfig or/],
  ['a manifest', '---\napiVersion: v1\nkind: Secret', 'MalformedLicense', /Kubernetes manifest/],
  ['a manifest as JSON', '{"kind":"Secret", "apiVersion": "v1"}', 'MalformedLicense', /Kubernetes manifest/],
  ['a JWK', '{"kty":"OKP","d":"c2VjcmV0"}', 'MalformedLicense', /^this is a key or a set of keys/],
  ['a web page', '<!DOCTYPE html><title>Sign in</title>', 'MalformedLicense', /^this is a web page/],
  ['base64 of it', base64(license), 'MalformedLicense', /encoded with base64 once more.*--from-file/],
  ['base64 of the file', `${base64(`${license}\n`)}\n`, 'MalformedLicense', /encoded with base64 once more/],
  ['base64 of the JSON form', base64('{ "id": "lic-1" }'), 'MalformedLicense', /encoded with base64 once more/],
  ['UTF-16', Buffer.from(`\uFEFF${license}`, 'utf16le'), 'MalformedLicense', /UTF-16: save it as UTF-8$/],
  ['bytes', new Uint8Array([0x1f, 0x8b, 0xff, 0]), 'MalformedLicense', /is not text/],
  ['prose', 'c2VjcmV0 to nobody', 'MalformedLicense', /^this is not a license file/],
  ['two parts', 'eyJ9.c2VjcmV0', 'MalformedLicense', /three parts/],
  ['an encrypted token', 'eyJ9.YQ.YQ.YQ.c2VjcmV0', 'MalformedLicense', /three parts/],
  ['much too much', 'c2VjcmV0'.repeat(2049), 'TooLarge', /larger than 16 KiB/],
])('%s', async (_, file, reason, message) => {
  const answer = await read(file)
  expect(answer).toEqual({ kind: 'rejected', reason, message: expect.stringMatching(message) })
  expect(JSON.stringify(answer)).not.toContain('c2VjcmV0')
})
