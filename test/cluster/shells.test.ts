// The binary in the hands of shells and of kubectl.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useControlPlane } from '../support/control-plane.ts'
import { CTO } from '../support/cto.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-shells-'))
  await symlink(CTO, join(folder, 'cto'))
  await symlink(CTO, join(folder, 'kubectl-cto'))
})
afterAll(() => rm(folder, { recursive: true }))

function run(command: string, ...args: string[]) {
  const PATH = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter)
  const { status, stdout, stderr } = spawnSync(command, args, { env: { PATH, HOME: folder }, encoding: 'utf8' })
  return { status, lines: stdout.split('\n').filter((line) => line !== ''), stderr }
}

test('for help, and for every key that asks for completion, it reads little and nothing of cryptography or clusters', () => {
  const read = new Set<string>()
  const follow = (file: string) => {
    if (read.has(file)) return
    read.add(file)
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|^import) "(\.[^"]+)"/gm)) {
      follow(join(dirname(file), path))
    }
  }
  follow(CTO)
  const text = [...read].map((file) => readFileSync(file, 'utf8')).join('')
  expect(text.length).toBeLessThan(600_000)
  for (const heavy of ['client-node', 'jose', 'zod', 'pino', 'prom-client']) {
    expect(text.includes(`// node_modules/${heavy}`), heavy).toBe(false)
  }
})

describe('completion', () => {
  // Each asks the script as the shell itself would: for what may follow `cto license in`.
  const shells = {
    bash: 'source <(cto completion bash); COMP_WORDS=(cto license in); COMP_CWORD=2; _cto; printf "%s\\n" "${COMPREPLY[@]}"',
    zsh: 'compdef() { :; }; _describe() { print -l -- ${(P)2}; }; source <(cto completion zsh); words=(cto license in); CURRENT=3; _cto',
    fish: 'cto completion fish | source; complete -C "cto license in"',
  }
  for (const [shell, script] of Object.entries(shells)) {
    const isThere = (process.env['PATH'] ?? '').split(delimiter).some((path) => existsSync(join(path, shell)))
    test.skipIf(!isThere)(`${shell}${isThere ? '' : ' (skipped: it is not installed)'}`, () => {
      const { lines, stderr } = run(shell, '-c', script)
      expect(
        lines.map((line) => line.split(/[\t:]/)[0]),
        stderr,
      ).toEqual(['inspect', 'install'])
    })
  }
})

describe('as a plug-in of kubectl', () => {
  const controlPlane = useControlPlane()
  test('it is found, and says how it is called', () => {
    const { kubectl, kubeconfigPath } = controlPlane.plane
    expect(run(kubectl, 'plugin', 'list').lines.join('\n')).toContain('kubectl-cto')
    expect(run(kubectl, 'cto', 'status', '--help').lines[0]).toBe('Usage: kubectl cto status [options]')
    expect(run(kubectl, 'cto', 'nonsense')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/see: kubectl cto --help/),
    })
    expect(run('cto', '--help').lines[0]).toBe('Usage: cto [options] [command]')
    // Its exit code is handed on.
    expect(run(kubectl, 'cto', 'check', '--pre', '--kubeconfig', kubeconfigPath)).toMatchObject({ status: 3 })
  })
})
