// What makes Node run code that is not in the image, before the first line of ours: with it, anything can be verified.

export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Node's own arguments, as `process.execArgv` has them. */
  readonly execArgv: readonly string[]
}

/** Options of Node that run other code, or let others run some. Node takes `_` for `-` in them. */
const RUNS_CODE =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-e|-p|-pe|--eval|--print|-i|--interactive|--inspect(?:-.*)?|--debug-port|--env-file(?:-if-exists)?|--experimental-(?:default-)?config-file(?:-.*)?|--openssl-config|--openssl-shared-config|--snapshot-blob|--build-snapshot(?:-config)?|--icu-data-dir|--run|--test-.*|--experimental-test-.*)$/
/**
 * Variables that do the same by being there, whatever is in them. Certificates (`NODE_EXTRA_CA_CERTS`) are not among them:
 * no license is verified with them.
 */
export const LOADS_CODE: readonly string[] = [
  // Modules, compiled code in the place of ours, and the tables by which texts are compared.
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_COMPILE_CACHE',
  'NODE_ICU_DATA',
  // Libraries that OpenSSL loads, into what verifies signatures.
  'OPENSSL_CONF',
  'OPENSSL_CONF_INCLUDE',
  'OPENSSL_MODULES',
  'OPENSSL_ENGINES',
  // Libraries that the system's loader and its C library load.
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'GCONV_PATH',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  'DYLD_FALLBACK_LIBRARY_PATH',
  'DYLD_FRAMEWORK_PATH',
]

/** What would run code that is not ours, as the beginning of a sentence; undefined: nothing. */
export function foreignCodeIn({ env, execArgv }: Process): string | undefined {
  const variable = LOADS_CODE.find((name) => (env[name] ?? '') !== '')
  if (variable !== undefined) return `${variable} is set`
  const inOptions = optionsIn(env['NODE_OPTIONS'] ?? '').find(runsCode)
  if (inOptions !== undefined) return `NODE_OPTIONS has ${nameOf(inOptions)}`
  const inArguments = execArgv.find(runsCode)
  return inArguments === undefined ? undefined : `Node was started with ${nameOf(inArguments)}`
}

function runsCode(option: string): boolean {
  return RUNS_CODE.test(nameOf(option)) || /^-r./.test(option)
}

/** Never the value: it may be anything. */
function nameOf(option: string): string {
  const [name = ''] = option.split('=')
  return name.replace(/(?!^)_/g, '-')
}

/** The options, taken apart as Node does it: by spaces outside of double quotes, inside of which a backslash escapes. */
function optionsIn(text: string): string[] {
  const options: string[] = []
  let option = ''
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? ''
    if (letter === '"') isQuoted = !isQuoted
    else if (letter === ' ' && !isQuoted) {
      options.push(option)
      option = ''
    } else option += isQuoted && letter === '\\' ? (text[++at] ?? '') : letter
  }
  return [...options, option].filter((one) => one !== '')
}
