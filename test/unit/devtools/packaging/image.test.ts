// The image and the bundle: what is in them, that they are the same each time, and that tools of others can read them.

import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { airGapBundle } from '../../../../src/devtools/packaging/air-gap-bundle.ts'
import { imageConfig, imageContent, NO_KEYS } from '../../../../src/devtools/packaging/image-content.ts'
import { buildLayer, digestOf } from '../../../../src/devtools/packaging/oci-image.ts'
import { operatorImage } from '../../../../src/devtools/packaging/operator-image.ts'
import { sourceDate } from '../../../../src/devtools/packaging/source-date.ts'
import { tar } from '../../../../src/archive/tar.ts'
import { VERSION } from '../../../../src/version.ts'

const run = promisify(execFile)
const date = new Date(Date.UTC(2026, 10, 21))
// A base that stands for any: what is in it is not ours.
const base = buildLayer([{ path: 'nodejs/bin/node', mode: 0o755, content: 'node' }], date)
const buildImage = async () => {
  const content = await imageContent({ trustedKeys: await readFile(NO_KEYS, 'utf8'), date })
  return { content, image: operatorImage({ version: VERSION, base, content: buildLayer(content, date), date }) }
}
let built: ReturnType<typeof buildImage> | undefined
const anImage = () => (built ??= buildImage())

describe('a tar archive', () => {
  test('is read by tar as it was meant', async () => {
    const folder = await temporaryFolder()
    const long = `${'folder/'.repeat(14)}a-file-in-a-folder-that-is-deep-down-below`
    const entries = [
      { path: 'b/file', content: 'text', mode: 0o640 },
      { path: long, content: 'deep' },
      { path: 'tmp', folder: true as const, mode: 0o1777 },
      { path: 'b/link', linkTo: 'file' },
    ]
    await writeFile(join(folder, 'a.tar'), tar(entries, { modified: date }))
    await run('tar', ['--extract', '--file', 'a.tar', '--preserve-permissions'], { cwd: folder })
    expect(await readFile(join(folder, 'b', 'link'), 'utf8')).toBe('text')
    expect(await readFile(join(folder, long), 'utf8')).toBe('deep')
    const { mode, mtime } = await stat(join(folder, 'b', 'file'))
    expect([mode & 0o777, mtime]).toEqual([0o640, date])
    expect((await stat(join(folder, 'tmp'))).mode & 0o7777).toBe(0o1777)
    expect(() => tar([{ path: 'x'.repeat(101), content: '' }], { modified: date })).toThrow(
      /is too long for a tar archive$/,
    )
  })

  test('does not depend on the order of what is put in', () => {
    const [one, other] = [
      { path: 'a/b', content: '1' },
      { path: 'a/c', content: '2' },
    ]
    const options = { modified: date }
    expect(tar([one, other], options)).toEqual(tar([other, one], options))
  })
})

// A hundred megabytes are packed, twice.
describe('the image', { timeout: 60_000 }, () => {
  test('is the same each time', async () => {
    const [one, other] = await Promise.all([anImage(), buildImage()])
    expect(one.image.digest).toBe(other.image.digest)
    expect(one.image.archive.equals(other.image.archive)).toBe(true)
    expect(digestOf(one.image.archive)).toBe(one.image.digest)
  })

  test('holds the code, the keys, the license and the bill of materials, and is small', async () => {
    const { content } = await anImage()
    const paths = content.map(({ path }) => path)
    expect(paths.filter((path) => !path.startsWith('app/chunks/'))).toEqual([
      'app/cto.mjs',
      'etc/cto/trusted-keys.json',
      'usr/share/doc/cto-operator/LICENSE',
      'usr/share/doc/cto-operator/sbom.cdx.json',
    ])
    const size = content.reduce((sum, file) => sum + file.content.length, 0)
    expect(size).toBeLessThan(3_000_000)
  })

  test('runs, and without making code from text', async () => {
    const folder = await temporaryFolder()
    const { content } = await anImage()
    await writeFile(join(folder, 'image.tar'), tar(content, { modified: date }))
    await run('tar', ['--extract', '--file', 'image.tar'], { cwd: folder })
    const flags = (imageConfig(VERSION)['Entrypoint'] as string[]).slice(1, -1)
    const cto = (...args: string[]) => run(process.execPath, [...flags, join(folder, 'app', 'cto.mjs'), ...args])
    expect((await cto('--version')).stdout).toBe(`${VERSION}\n`)
    await writeFile(join(folder, 'bad.lic'), 'a.b.c')
    const keys = join(folder, 'etc', 'cto', 'trusted-keys.json')
    const verifying = cto('license', 'verify', join(folder, 'bad.lic'), '--trusted-keys', keys)
    await expect(verifying).rejects.toMatchObject({ code: 3 })
  })

  test('is not built with keys that the operator would not take', async () => {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
    const trustedKeys = JSON.stringify({ keys: [{ ...jwk, kid: 'k', alg: 'EdDSA' }] })
    await expect(imageContent({ trustedKeys, date })).rejects.toThrow(/holds a secret/)
    expect(JSON.parse(await readFile(NO_KEYS, 'utf8'))).toEqual({ keys: [] })
  })

  test('names in its bill of materials what is in the bundle, as the lock file has it', async () => {
    const { content } = await anImage()
    const bill = JSON.parse(String(content.find(({ path }) => path.endsWith('.cdx.json'))?.content)) as {
      specVersion: string
      metadata: { timestamp: string }
      components: { name: string; purl: string; hashes?: unknown[]; licenses?: unknown[] }[]
    }
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    const purls = bill.components.map(({ purl }) => purl)
    // node is the base's.
    for (const [name, version] of Object.entries(dependencies).filter(([name]) => name !== 'node')) {
      expect(purls).toContain(`pkg:npm/${name.replace('@', '%40')}@${version}`)
    }
    expect(purls).not.toContain(expect.stringContaining('vitest'))
    for (const { name, hashes, licenses } of bill.components)
      expect([hashes?.length, licenses?.length], name).toEqual([1, 1])
    expect(bill.metadata.timestamp).toBe('2026-11-21T00:00:00Z')
  })

  test('is configured as the Dockerfile has it', async () => {
    const dockerfile = (await readFile('Dockerfile', 'utf8')).replaceAll('\\\n', '')
    const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
    const instruction = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(final)?.[1] ?? ''
    const pairs = (text: string) =>
      [...text.matchAll(/([\w./:]+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, bare]) => [
        name,
        quoted ?? bare ?? '',
      ])
    expect({
      User: instruction('USER'),
      WorkingDir: instruction('WORKDIR'),
      ExposedPorts: { [instruction('EXPOSE')]: {} },
      Env: pairs(instruction('ENV')).map((pair) => pair.join('=')),
      Entrypoint: JSON.parse(instruction('ENTRYPOINT')) as unknown,
      Cmd: JSON.parse(instruction('CMD')) as unknown,
      Labels: Object.fromEntries(pairs(instruction('LABEL'))) as unknown,
    }).toEqual(imageConfig(VERSION))
  })
})

describe('the bundle for sites without a way out', { timeout: 60_000 }, () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const aBundle = async () => {
    const { content, image } = await anImage()
    return { image, bundle: await airGapBundle({ version: VERSION, images: [image], content, signingKey, date }) }
  }

  test('is the same each time', async () => {
    const [one, other] = await Promise.all([aBundle(), aBundle()])
    expect(one.bundle.archive.equals(other.bundle.archive)).toBe(true)
  })

  test('is checked with the tools that a site has, and shows when it was changed', async () => {
    const folder = await temporaryFolder()
    const { image, bundle } = await aBundle()
    await writeFile(join(folder, 'bundle.tar.gz'), bundle.archive)
    await writeFile(join(folder, 'vendor.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
    await run('tar', ['--extract', '--file', 'bundle.tar.gz'], { cwd: folder })
    const site = join(folder, `cto-operator-${VERSION}-airgap`)
    const check = async () => {
      const signature = ['-rawin', '-in', 'SHA256SUMS', '-sigfile', 'SHA256SUMS.sig']
      await run('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', '../vendor.pub', ...signature], { cwd: site })
      await run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: site })
    }
    await check()
    const sums = await readFile(join(site, 'SHA256SUMS'), 'utf8')
    const summed = sums
      .trimEnd()
      .split('\n')
      .map((line) => line.split('  ')[1])
    const files = (await readdir(site, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(site.length + 1))
    expect(new Set(summed)).toEqual(new Set(files.filter((file) => !file.startsWith('SHA256SUMS'))))
    expect(await readFile(join(site, 'images.txt'), 'utf8')).toBe(`${image.name}@${image.digest}\n`)
    expect((await readFile(join(site, 'images', `cto-operator-${VERSION}.tar`))).equals(image.archive)).toBe(true)
    expect((await run(process.execPath, [join(site, 'bin', 'cto.mjs'), '--version'])).stdout).toBe(`${VERSION}\n`)
    // Every document that the index names is there.
    const index = await readFile(join(site, 'README.md'), 'utf8')
    for (const [, path = ''] of index.matchAll(/\]\((docs\/[^)]+)\)/g))
      expect((await stat(join(site, path))).isFile()).toBe(true)

    await writeFile(join(site, 'images.txt'), 'ghcr.io/somebody/else:1\n')
    await expect(check()).rejects.toThrow(/1 computed checksum did NOT match/)
    await writeFile(join(site, 'SHA256SUMS'), sums.replace(/^.{64}(?= {2}images\.txt)/m, '0'.repeat(64)))
    await expect(check()).rejects.toThrow(/openssl pkeyutl/)
  })

  test('wants a key that openssl can verify, and never quotes one', async () => {
    const { content, image } = await anImage()
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    for (const key of ['-----BEGIN s3cret', rsa.toString()]) {
      await expect(airGapBundle({ version: VERSION, images: [image], content, signingKey: key, date })).rejects.toThrow(
        /^the signing key must be an unencrypted PKCS#8 PEM file with an Ed25519 key$/,
      )
    }
  })
})

test('the one time in everything that is built follows from SOURCE_DATE_EPOCH', () => {
  expect(sourceDate({ SOURCE_DATE_EPOCH: '1790000000' }).getTime()).toBe(1_790_000_000_000)
  expect(sourceDate({}).toISOString()).toBe('1980-01-01T00:00:00.000Z')
  expect(() => sourceDate({ SOURCE_DATE_EPOCH: 'today' })).toThrow(/is not a whole number of seconds: today$/)
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cto-packaging-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
