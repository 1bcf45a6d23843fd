// Code that runs before ours is found in how Node was started, however it is written there; what only tunes Node is not.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { foreignCodeIn } from '../../../src/runtime/foreign-code.ts'

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
])('NODE_OPTIONS with %s', (options, name) => {
  expect(from({ NODE_OPTIONS: options })).toContain(`NODE_OPTIONS has ${name}`)
})

test('an argument of Node does the same', () => {
  expect(from({}, ['--max-semi-space-size=2', '--import', './x.mjs'])).toBe('Node was started with --import')
})

test('libraries that are loaded before', () => {
  for (const name of ['LD_PRELOAD', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'NODE_REPL_EXTERNAL_MODULE']) {
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
