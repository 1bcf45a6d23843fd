// What a build of the image sees of the working copy, by .dockerignore as a container engine reads it; and what a checkout
// makes of the files of the repository.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { packageRoot } from '../../../../src/files/package-root.ts'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')
const WILD: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' }
const rules = read('.dockerignore')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ keeps: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }))

/** A rule is about a path when it names it, or a folder around it. Unlike in .gitignore, the last one that does decides. */
function isSent(path: string): boolean {
  const around = path.split('/').map((_, index, steps) => steps.slice(0, index + 1).join('/'))
  return rules.findLast(({ pattern }) => around.some((one) => pattern.test(one)))?.keeps ?? true
}

function patternOf(glob: string): RegExp {
  const parts = glob.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => WILD[part] ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('')}$`)
}

test.each([
  'keys/private-key.json',
  'keys/private-key-2027.json',
  'keys/x.pem',
  'keys/ledger.jsonl',
  'keys/trusted-keys.json.bak',
  'src/a.key',
  'src/issuing/private-key.json',
  'src/devtools/packaging/x.p12',
  'src/x.pfx',
  'src/acme.lic',
  'src/.env',
  'src/.env.local',
  '.env',
  '.git/config',
  'license.lic',
  'private-key.json',
  'node_modules/jose/package.json',
  'test/vitest.config.ts',
])('a build does not see %s', (path) => {
  expect(isSent(path)).toBe(false)
})

test('a build sees all that the Dockerfile copies', () => {
  expect(isSent('keys/trusted-keys.json')).toBe(true)
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' ').filter((path) => !path.startsWith('$')),
  )
  expect(copied).toEqual(['package.json', 'package-lock.json', 'LICENSE', 'tsconfig.json', 'src'])
  for (const path of [
    ...copied,
    'src/main.ts',
    'src/devtools/packaging/no-trusted-keys.json',
    'src/issuing/keys/signing-key.ts',
  ]) {
    expect(isSent(path), path).toBe(true)
  }
})

test('a checkout where lines end otherwise has the same bytes: copies are compared, and files are signed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cto-checkout-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const files = ['crds/cto.5dlabs.io_licenses.yaml', '.gitattributes', 'docs/images/status-page.png']
  for (const file of files) cpSync(join(packageRoot(), file), join(folder, file))
  const asOnWindows = ['-c', 'core.autocrlf=true', '-c', 'core.eol=crlf', '-c', 'core.safecrlf=false']
  const git = (...args: string[]) => execFileSync('git', [...asOnWindows, ...args], { cwd: folder, stdio: 'pipe' })
  git('init', '--quiet')
  git('add', '--all')
  for (const file of files) rmSync(join(folder, file))
  git('checkout-index', '--all')
  for (const file of files) {
    expect(readFileSync(join(folder, file)).equals(readFileSync(join(packageRoot(), file))), file).toBe(true)
  }
})
