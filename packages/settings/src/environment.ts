/** What the defaults of settings may depend on. The executable reads it from the system. */
export interface SettingsEnvironment {
  readonly hostName: string
  /** The address by which other machines reach this one. */
  readonly localAddress: string
  /** Absolute path of the user's home folder. */
  readonly homeFolder: string
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly processors: number
}
