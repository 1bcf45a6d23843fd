// A whole check of one license (read, parse strictly, verify, decide) beside the bare check of its signature.

import { verify } from 'node:crypto'
import { decide } from '../src/domain/entitlement/decision.ts'
import { readLicense } from '../src/domain/license/read-license.ts'
import { type SignatureAlgorithm, verifySignature } from '../src/domain/license/signature.ts'
import { aLicense, aVendor, catalog } from '../test/support/operator.ts'
import { facts } from '../test/support/builders.ts'
import type { Row } from './table.ts'

const ROUNDS = 15
const CHECKS = 100

export async function licenseCheckRows(): Promise<Row[]> {
  const rows: Row[] = []
  for (const alg of ['EdDSA', 'ES256', 'RS256'] as const) rows.push(...(await rowsOf(alg)))
  return rows
}

async function rowsOf(alg: SignatureAlgorithm): Promise<Row[]> {
  const vendor = await aVendor('license', alg)
  const license = (await aLicense(vendor)).trim()
  const [key] = vendor.trust.values()
  if (key === undefined) throw new Error('the vendor has no key')
  const [header, payload, signature = ''] = license.split('.')
  const signed = Buffer.from(`${header}.${payload}`)
  const bytes = Buffer.from(signature, 'base64url')
  const plans = catalog.plans.map((plan) => plan.name)

  const whole = async () => {
    const now = Date.now()
    const read = await readLicense(license, { keys: vendor.trust, product: 'cto', plans, now })
    if (read.kind === 'rejected') throw new Error(read.message)
    const decision = decide(facts({ now, licenses: [{ name: 'acme', claims: read.claims }] }))
    if (decision.verdict !== 'Valid') throw new Error(decision.message)
  }
  const bare = async () => {
    if (!(await verifySignature(key.publicKey, signed, bytes))) throw new Error('the signature does not fit')
  }
  const native = async () => {
    if (!verify(null, signed, key.publicKey.keyObject, bytes)) throw new Error('the signature does not fit')
  }
  const against = [[bare, `its signature alone (${alg === 'EdDSA' ? 'both verifiers' : 'node:crypto'})`]] as [
    () => Promise<void>,
    string,
  ][]
  if (alg === 'EdDSA') against.push([native, 'its signature alone (node:crypto only)'])
  const rows: Row[] = []
  for (const [baseline, name] of against) {
    const row = {
      what: `one license checked, ${alg}`,
      unit: 'µs' as const,
      ours: [] as number[],
      baseline: [] as number[],
    }
    for (let round = 0; round < ROUNDS; round++) {
      // In turn, so that both meet the same weather.
      if (round % 2 === 0) row.ours.push(await microseconds(whole))
      row.baseline.push(await microseconds(baseline))
      if (round % 2 === 1) row.ours.push(await microseconds(whole))
    }
    rows.push({ ...row, against: name })
  }
  return rows
}

async function microseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  for (let index = 0; index < CHECKS; index++) await work()
  return ((performance.now() - started) / CHECKS) * 1000
}
