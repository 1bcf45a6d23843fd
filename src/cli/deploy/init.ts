// `cto init`: the files for a place to run in, to be read, changed, kept in Git and given to `cto deploy`.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { setupFiles, type SetupFile } from './files.ts'
import { TARGETS } from './targets.ts'
import { builtInCatalog } from '../catalogs.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import { fileProblem, readText } from '../input.ts'
import { unknownName } from '../known-names.ts'
import { CliError, EXIT, type Format, formatOption, type Io, print, properties } from '../../terminal/output.ts'

interface InitOptions {
  readonly target: string
  readonly licenseKey?: string
  readonly licenseKeyFile?: string
  readonly plan?: string
  readonly organization?: string
  readonly region?: string
  readonly nodes?: number
  readonly agents?: readonly string[]
  readonly name: string
  readonly out: string
  readonly force?: boolean
  readonly output: Format
}

const OWNER_ONLY = 0o600
/** The environment of a process is seen by its owner alone. */
const KEY_VARIABLE = 'CTO_LICENSE_KEY'

export function initCommand(io: Io): Command {
  return new Command('init')
    .addOption(
      new Option('--target <target>', 'where it shall run')
        .choices(TARGETS.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .option('--license-key <key>', `the license key, lic_…, which others see in ps; better in ${KEY_VARIABLE}`)
    .addOption(
      new Option('--license-key-file <file>', 'a file with the license key, or - for standard input').conflicts(
        'licenseKey',
      ),
    )
    .option('--plan <plan>', 'the plan that is expected; by default the smallest that may be used there')
    .option('--organization <name>', 'whose license is expected')
    .option('--region <region>', 'the region of the cloud, noted in the PlatformConfig')
    .option('--nodes <n>', 'how many nodes are meant to be there', count)
    .option('--agents <names>', 'the agents, such as rex,blaze; by default those of the plan', names)
    .option('--name <name>', 'the name of the PlatformConfig', 'cto-platform')
    .option('--out <folder>', 'where to write', '.')
    .option('--force', 'replace files that are there')
    .addOption(formatOption())
    .action((options: InitOptions) => init(options, io))
}

async function init(options: InitOptions, io: Io): Promise<void> {
  const catalog = builtInCatalog(DEFAULT_PRODUCT)
  const target = TARGETS.find(({ name }) => name === options.target)
  if (target === undefined) throw new CliError(`there is no target ${options.target}`, EXIT.usage)
  const plan = options.plan ?? (target.isFree ? catalog.freePlan : smallestPaidPlan(catalog.plans, catalog.freePlan))
  const unknown = unknownName(
    'plan',
    plan,
    catalog.plans.map((one) => one.name),
  )
  if (unknown !== undefined) throw new CliError(unknown, EXIT.usage)
  const licenseKey = await licenseKeyOf(options, io)
  const { format, pattern } = catalog.license.key ?? { format: 'none', pattern: '$^' }
  if (licenseKey !== undefined && !new RegExp(pattern).test(licenseKey)) {
    throw new CliError(
      `the license key must be one (${format}); a license file is installed with cto license install`,
      EXIT.usage,
    )
  }
  if (options.region !== undefined && target.deployment.type !== 'cloud')
    throw new CliError(`--region is for a cloud, and ${target.name} is none`, EXIT.usage)

  const files = setupFiles({ ...options, ...(licenseKey === undefined ? {} : { licenseKey }), target, catalog, plan })
  const written = await write(files, options.out, options.force === true)
  print(io, options.output, { target: target.name, plan, files: written, needs: target.needs }, () =>
    properties(written.map((path) => ['WROTE', path])),
  )
  for (const need of target.needs) io.stderr(`Needed first: ${need}.\n`)
  if (!target.isFree && licenseKey === undefined)
    io.stderr(
      'A license is needed here: install its file with cto license install FILE, or give a key with --license-key-file.\n',
    )
  io.stderr(
    `Next: ${options.out === '.' ? '' : `cd ${options.out} && `}cto check --pre -f platformconfig.yaml && cto deploy\n`,
  )
}

async function licenseKeyOf({ licenseKey, licenseKeyFile }: InitOptions, io: Io): Promise<string | undefined> {
  if (licenseKeyFile !== undefined) return (await readText(licenseKeyFile, io)).trim()
  if (licenseKey !== undefined) {
    io.stderr(
      `Warning: --license-key shows the key to everybody who lists the processes here, and in the shell's history; give it in a file with --license-key-file, or as ${KEY_VARIABLE}.\n`,
    )
    return licenseKey
  }
  const given = process.env[KEY_VARIABLE]?.trim()
  return given === '' ? undefined : given
}

function smallestPaidPlan(plans: readonly { readonly name: string }[], free: string): string {
  return plans.find(({ name }) => name !== free)?.name ?? free
}

async function write(files: readonly SetupFile[], folder: string, force: boolean): Promise<string[]> {
  const paths: string[] = []
  await mkdir(folder, { recursive: true }).catch(cannotWrite(folder))
  for (const { name, content, isPrivate } of files) {
    const path = join(folder, name)
    const options = { ...(isPrivate ? { mode: OWNER_ONLY } : {}), flag: force ? 'w' : 'wx' }
    await writeFile(path, content, options).catch(cannotWrite(path))
    paths.push(path)
  }
  return paths
}

function cannotWrite(path: string): (error: unknown) => never {
  return (error) => {
    const hint = error instanceof Error && 'code' in error && error.code === 'EEXIST' ? ' (--force replaces it)' : ''
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}${hint}`)
  }
}

function count(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 up.')
  return Number(text)
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
