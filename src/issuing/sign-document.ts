// Signs what the operator believes: one payload, one kind of document, one key.

import { CompactSign } from 'jose'
import type { DocumentKind } from '../domain/license/compact-jws.ts'
import type { SigningKey } from './keys/signing-key.ts'

/** The content of the file: a compact JWS with the header that the reader of that kind demands. */
export function signDocument(kind: DocumentKind, payload: object, key: SigningKey): Promise<string> {
  return signCompactJws({ alg: key.alg, kid: key.keyId, typ: kind.type }, payload, key)
}

export async function signCompactJws(
  header: { readonly alg: string; readonly kid?: string; readonly typ: string },
  payload: object,
  key: SigningKey,
): Promise<string> {
  const content = Buffer.from(JSON.stringify(payload), 'utf8')
  const token = await new CompactSign(content).setProtectedHeader({ ...header }).sign(key.privateKey)
  return `${token}\n`
}
