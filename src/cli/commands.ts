// Every command at the top of the tree: its name, what it is for, and where it comes from. Loaded only when it is asked for:
// `cto --help` needs no cryptography and no cluster.

import type { Command } from 'commander'
import type { Io } from '../terminal/output.ts'

export interface CommandEntry {
  readonly name: string
  readonly description: string
  /** Under which heading it stands in the help. */
  readonly group: string
  readonly load: (io: Io) => Promise<Command>
}

const TRY = 'Try it:'
const SET_UP = 'Set it up:'
const RUN = 'Run it:'
const LICENSES = 'Licenses:'
const HELP = 'Help:'

export const commands: readonly CommandEntry[] = [
  {
    name: 'trial',
    description:
      'try the whole free tier on this machine: what is admitted, what is refused, and what a license changes',
    group: TRY,
    load: async (io) => (await import('./trial/command.ts')).trialCommand(io),
  },
  {
    name: 'init',
    description: 'write the PlatformConfig and the values of the chart for a place to run in',
    group: SET_UP,
    load: async (io) => (await import('./deploy/init.ts')).initCommand(io),
  },
  {
    name: 'deploy',
    description: 'bring about what cto init wrote: the operator, the license, the PlatformConfig',
    group: SET_UP,
    load: async (io) => (await import('./deploy/command.ts')).deployCommand(io),
  },
  {
    name: 'operator',
    description: 'run the operator until it is stopped with SIGTERM or SIGINT',
    group: RUN,
    load: async (io) => (await import('./run-operator.ts')).operatorCommand(io),
  },
  {
    name: 'check',
    description: 'say whether the operator can run here or runs as it should, and what would be refused',
    group: RUN,
    load: async (io) => (await import('./check/command.ts')).checkCommand(io),
  },
  {
    name: 'status',
    description: 'show what the license allows now, what is refused and why, and what to do',
    group: RUN,
    load: async (io) => (await import('./status/command.ts')).statusCommand(io),
  },
  {
    name: 'detect',
    description: 'say what kind of cluster this is and how many nodes count, with the evidence',
    group: RUN,
    async load(io) {
      const { builtInCatalogs } = await import('./catalogs.ts')
      return (await import('./detect/command.ts')).detectCommand(io, builtInCatalogs())
    },
  },
  {
    name: 'apply',
    description: 'write the Licenses and PlatformConfigs of a file, as soon as their CRDs are there',
    group: RUN,
    load: async (io) => (await import('./apply.ts')).applyCommand(io),
  },
  {
    name: 'uninstall',
    description: 'stop the operator, remove its policies and resume what is held; licenses and wishes stay',
    group: RUN,
    load: async (io) => (await import('./uninstall.ts')).uninstallCommand(io),
  },
  {
    name: 'support-bundle',
    description: 'collect how the operator stands into one file, without secrets, for whoever helps',
    group: RUN,
    load: async (io) => (await import('./support-bundle/command.ts')).supportBundleCommand(io),
  },
  {
    name: 'explain',
    description: 'say what a reason means and what lifts it; without one, list them all',
    group: RUN,
    load: async (io) => (await import('./explain.ts')).explainCommand(io),
  },
  {
    name: 'license',
    description: 'verify, look into, simulate or install a license file',
    group: LICENSES,
    async load(io) {
      const { builtInCatalogs, catalogNames } = await import('./catalogs.ts')
      const { installCommand } = await import('./license/install.ts')
      const { simulateCommand } = await import('./license/simulate.ts')
      const { licenseCommand } = await import('./license/command.ts')
      const catalogs = builtInCatalogs()
      return licenseCommand(io, catalogs.map(catalogNames))
        .addCommand(installCommand(io))
        .addCommand(simulateCommand(io, catalogs))
    },
  },
  {
    name: 'vendor',
    description: 'make keys, issue and revoke licenses, sign catalogs, and keep the ledger of it all',
    group: LICENSES,
    async load(io) {
      const { builtInCatalogs } = await import('./catalogs.ts')
      const { vendorCommand } = await import('./issuing/commands.ts')
      return vendorCommand(io, builtInCatalogs())
    },
  },
  {
    name: 'completion',
    description: 'print what makes a shell complete the commands and options of cto',
    group: HELP,
    load: async (io) => (await import('./completion.ts')).completionCommand(io),
  },
]
