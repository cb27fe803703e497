const namesMax = 10

/** Names for a line of the log: some of many. */
export function shownNames(names: readonly string[]): string[] {
  const more = names.length - namesMax
  return more > 0 ? [...names.slice(0, namesMax), `and ${more} more`] : [...names]
}
