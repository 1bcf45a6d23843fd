// `cto apply`: writes the Licenses and PlatformConfigs of a file, as soon as the API server knows their kinds. The chart
// uses it: Helm cannot create them in the release that brings their CRDs.

import { Command } from 'commander'
import { API_VERSION } from '../api/names.ts'
import { licenses, platformConfigs } from '../api/resources.ts'
import { SECOND } from '../domain/time.ts'
import { ownClusterAccess } from '../kube/access.ts'
import { type RawObject } from '../kube/object.ts'
import { type Client, createClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { pause } from '../runtime/pause.ts'
import { cliErrorFrom, readText, yamlObjects } from './input.ts'
import { CliError, type Io } from '../terminal/output.ts'

const KINDS = { License: licenses, PlatformConfig: platformConfigs }
const PATIENCE_MS = 60 * SECOND
const ASK_AGAIN_MS = SECOND

export function applyCommand(io: Io): Command {
  return new Command('apply')
    .argument('<file>', 'YAML or JSON; - for standard input')
    .option('--kubeconfig <file>', 'how to reach the cluster (in a pod: its service account)')
    .action(async (file: string, { kubeconfig }: { kubeconfig?: string }) => {
      try {
        const objects = readObjects(file, await readText(file, io))
        const access = await ownClusterAccess(kubeconfig)
        const client = createClient(access, { fieldManager: 'cto-apply', userAgent: 'cto-cli' })
        for (const object of objects) {
          await apply(client, object, AbortSignal.timeout(PATIENCE_MS))
          io.stdout(`${object.kind}/${object.metadata.name} applied\n`)
        }
        access.agent.destroy()
      } catch (error) {
        throw cliErrorFrom(error)
      }
    })
}

type Applied = RawObject & { readonly kind: keyof typeof KINDS }

function readObjects(file: string, text: string): Applied[] {
  return yamlObjects(text, file).map((object) => {
    const { apiVersion, kind, metadata } = object as Partial<RawObject>
    if (apiVersion !== API_VERSION || kind === undefined || !(kind in KINDS) || metadata?.name === undefined) {
      throw new CliError(`${file} may hold Licenses and PlatformConfigs of ${API_VERSION} only, each with a name`)
    }
    return object as Applied
  })
}

async function apply(client: Client, object: Applied, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await client.apply(KINDS[object.kind], object, { force: true }, signal)
      return
    } catch (error) {
      // Its CRD has been created a moment ago.
      if (!isNotFound(error) || signal.aborted) throw error
      await pause(ASK_AGAIN_MS, signal)
    }
  }
}
