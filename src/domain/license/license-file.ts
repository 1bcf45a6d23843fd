// What a license file may look like before anything in it is believed, and a helpful word for what people send instead.

import { Rejection } from './rejection.ts'

/** No license comes near this size, in bytes; whatever is larger is not even looked at. */
export const LARGEST_LICENSE = 16 * 1024

const COMPACT_JWS = /^eyJ[\w-]*\.[\w-]+\.[\w-]+\s*$/

/**
 * The text of a license file.
 *
 * Editors and `echo` end a file with one newline, which is not part of the license; it alone is taken off. The readers
 * behind this file are strict to the byte, so that one license has one spelling.
 * @throws Rejection
 */
export function readLicenseFile(file: Uint8Array | string): string {
  const bytes = typeof file === 'string' ? Buffer.from(file, 'utf8') : file
  if (bytes.length > LARGEST_LICENSE) {
    throw new Rejection(
      'TooLarge',
      `the license file is larger than ${LARGEST_LICENSE / 1024} KiB: is it the right file?`,
    )
  }
  const text = decode(bytes).replace(/\r?\n$/, '')
  const mistake = commonMistake(text)
  if (mistake !== undefined) throw new Rejection('MalformedLicense', mistake)
  return text
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new Rejection('MalformedLicense', 'the license file is saved as UTF-16: save it as UTF-8')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Rejection('MalformedLicense', 'the license file is not text: is it compressed, or another file?')
  }
}

function commonMistake(text: string): string | undefined {
  const start = text.trimStart()
  if (start === '') return 'the license file is empty'
  if (text.startsWith('\uFEFF')) {
    return 'the license file starts with a byte order mark: save it as UTF-8 without one'
  }
  if (start.startsWith('lic_')) {
    return 'this is an activation key, not a license file: set it as spec.key of a License, or ask your vendor for the .lic file'
  }
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(start)) {
    return 'this is a private key, not a license file: remove it from here and replace the key'
  }
  if (start.startsWith('-----BEGIN ')) return 'this is a PEM file (a certificate or key), not a license file'
  if (/^(---\s+)?(apiVersion|kind|clusters|contexts|current-context):/m.test(start) || isManifest(start)) {
    return 'this is a kubeconfig or a Kubernetes manifest, not a license file: give the content of the .lic file itself'
  }
  if (isUnsignedJson(start) && /"kty"\s*:/.test(start)) return 'this is a key or a set of keys, not a license file'
  if (start.startsWith('<')) return 'this is a web page, not a license file: download the license again'
  if (isEncodedTwice(start)) {
    return 'this is a license file encoded with base64 once more: put the file into the Secret with `kubectl create secret generic --from-file`, or under stringData'
  }
  return undefined
}

function isManifest(text: string): boolean {
  return isUnsignedJson(text) && /"(apiVersion|clusters)"\s*:/.test(text)
}

function isUnsignedJson(text: string): boolean {
  return text.startsWith('{') && !/"signature"\s*:/.test(text)
}

/** `data` of a Secret is base64 already; who encodes the file first has encoded it twice. */
function isEncodedTwice(text: string): boolean {
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(text.trimEnd())) return false
  const inner = Buffer.from(text, 'base64').toString('latin1').trimStart()
  return COMPACT_JWS.test(inner) || /^\{\s*"/.test(inner)
}
