// Agents are known by what they run, too: the catalog names the images of agents by globs.

/**
 * One regular expression for all of the globs. It means the same in JavaScript and in RE2, which the API server uses in CEL.
 * @param globs `*` stands for any text, also across `/`; every other character stands for itself
 * @returns undefined when there is no glob, so that no image is meant
 */
export function imagePattern(globs: readonly string[] | undefined): string | undefined {
  if (globs === undefined || globs.length === 0) return undefined
  return `^(${globs.map(globPattern).join('|')})$`
}

/** Whether an agent runs from this image. */
export function isGovernedImage(image: string, globs: readonly string[] | undefined): boolean {
  const pattern = imagePattern(globs)
  return pattern !== undefined && new RegExp(pattern).test(image)
}

// `[^\n]` is not enough: the API server takes a line break in the middle of an image's name.
function globPattern(glob: string): string {
  return glob
    .split(/\*+/)
    .map((literal) => literal.replaceAll(/[^A-Za-z0-9_/:@-]/g, '\\$&'))
    .join('[\\s\\S]*')
}
