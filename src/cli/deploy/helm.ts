// Helm, as the person who deploys has it: found in the PATH, and told to install or upgrade the operator's chart.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Release {
  readonly name: string
  readonly chart: string
  readonly namespace: string
  readonly valuesFile?: string
  readonly kubeconfig?: string
  readonly context?: string
}

/** Where Helm is; undefined where there is none. */
export function findHelm(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, 'helm')).find((path) => existsSync(path))
}

export function helmArguments({ name, chart, namespace, valuesFile, kubeconfig, context }: Release): string[] {
  return [
    'upgrade',
    '--install',
    name,
    chart,
    '--namespace',
    namespace,
    '--create-namespace',
    ...(valuesFile === undefined ? [] : ['--values', valuesFile]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--kube-context', context]),
  ]
}

/**
 * Runs Helm; whatever it says is handed on.
 * @throws Error with the last thing that Helm said when it fails
 */
export function runHelm(helm: string, args: readonly string[], say: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(helm, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let last = ''
    const listen = (chunk: Buffer) => {
      const text = chunk.toString()
      last = text.trim().split('\n').at(-1) ?? last
      say(text)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', (cause) => reject(new Error(`${helm} cannot be run`, { cause })))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`Helm did not succeed: ${last.replace(/^Error: /, '')}`))
    })
  })
}
