/** Properties, with the place where each of them was set. */
export interface SourcedProperties {
  readonly properties: ReadonlyMap<string, string>
  /** For messages: `broker.conf:12`, `-n`. */
  readonly sourceOf: (key: string) => string
}

type Values = Readonly<Record<string, string | undefined>>

export const noProperties: SourcedProperties = { properties: new Map(), sourceOf: () => 'default' }

/** Puts values over those of `base`; undefined ones leave `base` as it is. */
export function withOverrides(base: SourcedProperties, values: Values, source: string): SourcedProperties {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const keys = new Set(given.map(([key]) => key))
  return {
    properties: new Map([...base.properties, ...given]),
    sourceOf: (key) => (keys.has(key) ? source : base.sourceOf(key)),
  }
}

/** Puts properties over others. */
export function layered(below: SourcedProperties, above: SourcedProperties): SourcedProperties {
  return {
    properties: new Map([...below.properties, ...above.properties]),
    sourceOf: (key) => (above.properties.has(key) ? above : below).sourceOf(key),
  }
}

/** Adds values for keys that `base` does not set. */
export function withDefaults(base: SourcedProperties, values: Values, source: string): SourcedProperties {
  const missing = Object.entries(values).filter(([key]) => !base.properties.has(key))
  return withOverrides(base, Object.fromEntries(missing), source)
}
