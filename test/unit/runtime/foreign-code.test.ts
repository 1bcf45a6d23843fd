// Code that runs before ours is found in how Node was started, however it is written there; what only tunes Node is not.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readTrustedKeys } from '../../../src/cli/input.ts'
import { foreignCodeIn } from '../../../src/runtime/foreign-code.ts'
import { anIo } from '../cli/io.ts'

const from = (env: Record<string, string>, execArgv: string[] = []) => foreignCodeIn({ env, execArgv })

test.each([
  ['--import=data:text/javascript,1', '--import'],
  ['--max-old-space-size=100 --import ./x.mjs', '--import'],
  ['"--import" x', '--import'],
  ['--experimental_loader=./x.mjs', '--experimental-loader'],
  ['--loader ./x.mjs', '--loader'],
  ['-r ./x.cjs', '-r'],
  ['-r./x.cjs', '-r'],
  ['"-\\r" x', '-r'],
  ['--require ./x.cjs', '--require'],
  ['--inspect-brk=0', '--inspect-brk'],
  ['--env-file=x', '--env-file'],
  ['--openssl-config=x', '--openssl-config'],
  ['--icu-data-dir=x', '--icu-data-dir'],
])('NODE_OPTIONS with %s', (options, name) => {
  expect(from({ NODE_OPTIONS: options })).toContain(`NODE_OPTIONS has ${name}`)
})

test('an argument of Node does the same', () => {
  expect(from({}, ['--max-semi-space-size=2', '--import', './x.mjs'])).toBe('Node was started with --import')
})

const VARIABLES = [
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'GCONV_PATH',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_PATH',
  'NODE_COMPILE_CACHE',
  'NODE_ICU_DATA',
  'OPENSSL_CONF',
  'OPENSSL_CONF_INCLUDE',
  'OPENSSL_MODULES',
  'OPENSSL_ENGINES',
]

test('variables that name libraries, modules or compiled code', () => {
  for (const name of VARIABLES) {
    expect(from({ [name]: '/tmp/x' })).toBe(`${name} is set`)
    expect(from({ [name]: '' })).toBeUndefined()
  }
})

test('what only tunes Node is nobody’s code, and no value is repeated', () => {
  const tuned =
    '--max-old-space-size=4096 --enable-source-maps --no-warnings --dns-result-order=ipv4first --use-system-ca'
  expect(from({ NODE_OPTIONS: tuned, NODE_EXTRA_CA_CERTS: '/x.pem' }, ['--max-semi-space-size=2'])).toBeUndefined()
  expect(from({ NODE_OPTIONS: '--import=hunter2' })).not.toContain('hunter2')
})

test('Node runs nothing of NODE_OPTIONS that is not found here', () => {
  // Each option that Node takes there and that names a file or code to run.
  const { stdout } = spawnSync(process.execPath, ['-p', 'JSON.stringify([...process.allowedNodeEnvironmentFlags])'], {
    encoding: 'utf8',
  })
  const runs = /^--?(?:r|require|import|loader|experimental-loader|inspect(?:-brk|-wait)?|env-file.*|openssl-.*config)$/
  const allowed = (JSON.parse(stdout) as string[]).filter((flag) => runs.test(flag))
  expect(allowed.length).toBeGreaterThan(5)
  for (const flag of allowed) expect(from({ NODE_OPTIONS: flag }), flag).toBeDefined()
})

test('where there is any, no key is read, and a command that verifies says why', async () => {
  const keys = fileURLToPath(new URL('../../../src/devtools/packaging/no-trusted-keys.json', import.meta.url))
  await expect(readTrustedKeys(keys, anIo())).resolves.toBeDefined()
  await expect(readTrustedKeys(keys, { ...anIo(), foreignCode: 'X is set' })).rejects.toThrow(
    'X is set, so that this process may run code that is not ours, and no signature is verified in it',
  )
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
  const verify = (env: Record<string, string>) => {
    const args = [main, 'license', 'verify', keys, '--trusted-keys', keys]
    return spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } }).stderr
  }
  expect(verify({ OPENSSL_CONF: '/none/openssl.cnf' })).toContain('OPENSSL_CONF is set, so that')
  expect(verify({})).not.toContain('is set')
})
