// What people put into the Secret instead of the license: each gets its own sentence, and none is quoted.

import { gzipSync } from 'node:zlib'
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
  ['UTF-16 without a mark', Buffer.from(license, 'utf16le'), 'MalformedLicense', /UTF-16: save it as UTF-8$/],
  ['UTF-16, the other way', Buffer.from(license, 'utf16le').swap16(), 'MalformedLicense', /UTF-16/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x65, 0, 0, 0]), 'MalformedLicense', /UTF-32: save it as UTF-8$/],
  ['a byte order mark', `\uFEFF${license}`, 'MalformedLicense', /byte order mark: save it as UTF-8 without one$/],
  ['gzip', gzipSync(license), 'MalformedLicense', /is compressed with gzip: unpack it with gunzip$/],
  ['half of gzip', gzipSync(license).subarray(0, 40), 'MalformedLicense', /compressed with gzip and damaged/],
  ['gzip of gigabytes', gzipSync(Buffer.alloc(8 << 20)), 'MalformedLicense', /unpacks to more than 512 KiB/],
  ['a ZIP archive', Buffer.from('PK\u0003\u0004c2VjcmV0'), 'MalformedLicense', /ZIP archive/],
  ['Windows-1252', Buffer.from('{"organization":"M\u00fcller"}', 'latin1'), 'MalformedLicense', /Windows-1252.*iconv/],
  ['other bytes', new Uint8Array([0x1f, 0x8c, 0xff, 0]), 'MalformedLicense', /is not text/],
  ['quotation marks', `"${license}"\n`, 'MalformedLicense', /has quotation marks around the license/],
  ['quotation marks of an editor', `\u201C${license}\u201D`, 'MalformedLicense', /quotation marks/],
  ['a code block', `\`\`\`\n${license}\n\`\`\``, 'MalformedLicense', /quotation marks/],
  ['a variable', `LICENSE_KEY=${license}`, 'MalformedLicense', /the name LICENSE_KEY before the license/],
  ['an exported variable', `export CTO="${license}"`, 'MalformedLicense', /the name CTO before the license/],
  ['YAML', `license.lic: ${license}\n`, 'MalformedLicense', /the name license\.lic before the license/],
  ['JSON', JSON.stringify({ license }), 'MalformedLicense', /JSON with a license in it/],
  ['PEM around it', pem('LICENSE').replace('c2VjcmV0', license), 'MalformedLicense', /lines of PEM around the license/],
  ['PEM around base64', pem('LICENSE').replace('c2VjcmV0', base64(license)), 'MalformedLicense', /lines of PEM/],
  ['several lines', license.replaceAll(/.{64}/g, '$&\r\n'), 'MalformedLicense', /line breaks or blanks within/],
  ['an invisible character', `${license.slice(0, 40)}\u200B${license.slice(40)}`, 'MalformedLicense', /U\+200B/],
  ['prose', 'c2VjcmV0 to nobody', 'MalformedLicense', /^this is not a license file/],
  ['two parts', 'eyJ9.c2VjcmV0', 'MalformedLicense', /three parts/],
  ['an encrypted token', 'eyJ9.YQ.YQ.YQ.c2VjcmV0', 'MalformedLicense', /three parts/],
  ['much too much', 'c2VjcmV0'.repeat(2049), 'TooLarge', /larger than 16 KiB/],
])('%s', async (_, file, reason, message) => {
  const answer = await read(file)
  expect(answer).toEqual({ kind: 'rejected', reason, message: expect.stringMatching(message) })
  expect(JSON.stringify(answer)).not.toContain('c2VjcmV0')
})

test.each([' ', '\n\n', '\r\n', '\t', '\n \n'])('%j around it is no part of it', async (blank) => {
  const plain = await read(license)
  expect(plain.kind).toBe('authentic')
  expect(await read(blank + license + blank)).toEqual(plain)
})
