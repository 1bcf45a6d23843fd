// How a command that talks to a cluster is told which, and how it goes there and back.

import type { Command } from 'commander'
import { clusterAccess } from '../kube/access.ts'
import { type Client, createClient } from '../kube/client.ts'
import { cliErrorFrom } from './input.ts'

export interface ClusterOptions {
  readonly kubeconfig?: string
  readonly context?: string
}

/** Gives the command the options that kubectl has for it. */
export function withClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'how to reach the cluster (in a pod: its service account)')
    .option('--context <name>', 'which context of the kubeconfig')
}

/**
 * Does the work with a client for the cluster, and lets go of its connections.
 * @throws CliError
 */
export async function onCluster<T>(
  { kubeconfig, context }: ClusterOptions,
  work: (client: Client, server: URL) => Promise<T>,
): Promise<T> {
  try {
    const access = await clusterAccess(kubeconfig, context)
    try {
      return await work(createClient(access, { fieldManager: 'cto-cli', userAgent: 'cto-cli' }), access.server)
    } finally {
      access.agent.destroy()
    }
  } catch (error) {
    throw cliErrorFrom(error)
  }
}
