// What a license file may look like before anything in it is believed, and a helpful word for what people send instead.

import { AS_UTF8, decodeText } from '../text-file.ts'
import { Rejection } from './rejection.ts'

/** No license comes near this size, in bytes; whatever is larger is not even looked at. */
export const LARGEST_LICENSE = 16 * 1024

const COMPACT_JWS = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/
const PASTED = /^["'`\u2018-\u201F\u00AB\u00BB]+|["'`\u2018-\u201F\u00AB\u00BB,;]+$/g

/**
 * The text of a license file.
 *
 * Editors, shells and forms put blanks and newlines around a text; these are no part of the license and are taken off. The
 * readers behind this file are strict to the byte, so that one license has one spelling.
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
  const text = licenseText(bytes).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
  const mistake = commonMistake(text)
  if (mistake !== undefined) throw new Rejection('MalformedLicense', mistake)
  return text
}

/**
 * The characters of a license file, or of another signed document, whose bytes have to be plain UTF-8.
 * @throws Rejection
 */
export function licenseText(bytes: Uint8Array, noun = 'license file'): string {
  const problem = encodingProblem(bytes)
  if (problem !== undefined) throw new Rejection('MalformedLicense', `the ${noun} ${problem}`)
  return Buffer.from(bytes).toString('utf8')
}

/** Why the bytes are not plain UTF-8, as the end of a sentence. */
export function encodingProblem(bytes: Uint8Array): string | undefined {
  const decoded = decodeText(bytes, LARGEST_LICENSE * 32)
  if ('problem' in decoded) return decoded.problem
  if (decoded.isCompressed) return 'is compressed with gzip: unpack it with gunzip'
  if (decoded.encoding === 'UTF-16') return `is saved as UTF-16: ${AS_UTF8}`
  return decoded.hasMark ? `starts with a byte order mark: ${AS_UTF8} without one` : undefined
}

function commonMistake(text: string): string | undefined {
  if (text === '') return 'the license file is empty'
  if (text.startsWith('lic_')) {
    return 'this is an activation key, not a license file: set it as spec.key of a License, or ask your vendor for the .lic file'
  }
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return 'this is a private key, not a license file: remove it from here and replace the key'
  }
  return wrapped(text) ?? otherFile(text)
}

/** The license is there, with something around or in it. */
function wrapped(text: string): string | undefined {
  const inner = text.replace(PASTED, '').trim()
  if (inner !== text && isLicense(inner)) {
    return 'the license file has quotation marks around the license: keep only what stands between them'
  }
  const variable = /^(?:export\s+)?["']?([A-Za-z_][\w.-]{0,60})["']?\s*[=:]\s*(\S[^]*)$/.exec(text)
  if (variable !== null && isLicense((variable[2] ?? '').replace(PASTED, '').trim())) {
    return `the license file has the name ${variable[1]} before the license: keep only what stands behind it`
  }
  if (text.startsWith('-----BEGIN ')) return armoured(text)
  if (isLicense(text.replace(/\s+/g, ''))) {
    return text.startsWith('eyJ') && !COMPACT_JWS.test(text)
      ? 'the license file has line breaks or blanks within the license: it is one long line; join it'
      : undefined
  }
  const strange = /^eyJ[\w.-]*([^\w.\s-])/u.exec(text)?.[1]
  if (strange !== undefined && /[^\x20-\x7e]/.test(strange)) {
    const point = (strange.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return `the license file has the character U+${point} in it, which does not belong there and may be invisible: copy the file again`
  }
  return isEncodedTwice(text)
    ? 'this is a license file encoded with base64 once more: put the file into the Secret with `kubectl create secret generic --from-file`, or under stringData'
    : undefined
}

function armoured(text: string): string {
  const inner = text
    .replace(/-----(?:BEGIN|END) [^-]*-----/g, '')
    .replace(/^[A-Za-z-]+:.*$/gm, '')
    .trim()
  return isLicense(inner.replace(/\s+/g, '')) || isEncodedTwice(inner)
    ? 'the license file has lines of PEM around the license (-----BEGIN … and -----END …): keep only what stands between them'
    : 'this is a PEM file (a certificate or key), not a license file'
}

function otherFile(text: string): string | undefined {
  if (/^(---\s+)?(apiVersion|kind|clusters|contexts|current-context):/m.test(text) || isManifest(text)) {
    return 'this is a kubeconfig or a Kubernetes manifest, not a license file: give the content of the .lic file itself'
  }
  if (isUnsignedJson(text) && /"kty"\s*:/.test(text)) return 'this is a key or a set of keys, not a license file'
  if (isUnsignedJson(text) && /:\s*"eyJ[\w-]*\.[\w-]+\.[\w-]+"/.test(text)) {
    return 'this is JSON with a license in it: keep only the text of the license, without quotation marks'
  }
  if (text.startsWith('<')) return 'this is a web page, not a license file: download the license again'
  return undefined
}

function isLicense(text: string): boolean {
  return COMPACT_JWS.test(text) || (/^\{\s*"/.test(text) && text.endsWith('}') && /"signature"\s*:/.test(text))
}

function isManifest(text: string): boolean {
  return isUnsignedJson(text) && /"(apiVersion|clusters)"\s*:/.test(text)
}

function isUnsignedJson(text: string): boolean {
  return text.startsWith('{') && !/"signature"\s*:/.test(text)
}

/** `data` of a Secret is base64 already; who encodes the file first has encoded it twice. */
function isEncodedTwice(text: string): boolean {
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(text)) return false
  const inner = Buffer.from(text, 'base64').toString('latin1').trim()
  return COMPACT_JWS.test(inner) || /^\{\s*"/.test(inner)
}
