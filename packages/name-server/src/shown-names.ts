const namesMax = 10

/** Shortens a list of names for a log line. */
export function shownNames(names: readonly string[]): string[] {
  const more = names.length - namesMax
  return more > 0 ? [...names.slice(0, namesMax), `and ${more} more`] : [...names]
}
