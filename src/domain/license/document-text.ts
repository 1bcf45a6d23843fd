// The text of a signed document that is no license: revocation lists and catalogs may be larger, and have one form.

import { licenseText } from './license-file.ts'
import { Rejection } from './rejection.ts'

/** In bytes. A Secret holds 1 MiB, and the operator keeps the document beside others. */
const LARGEST_DOCUMENT = 384 * 1024

/**
 * The text of a file, without the blanks and newlines that editors and shells put around it.
 * @throws Rejection
 */
export function readDocumentText(file: Uint8Array | string, noun: string, largest = LARGEST_DOCUMENT): string {
  const bytes = typeof file === 'string' ? Buffer.from(file, 'utf8') : file
  if (bytes.length > largest) {
    throw new Rejection('TooLarge', `the ${noun} is larger than ${largest / 1024} KiB: is it the right file?`)
  }
  return licenseText(bytes, noun).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
}
