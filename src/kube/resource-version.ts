// Versions are numbers today, but only documented as opaque: what is no number is taken to be newer.

/** Whether the version is older than the other. */
export function isOlder(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false
  return version.length === than.length ? version < than : version.length < than.length
}
