/** The process as the commands see it. Tests give one of their own. */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly homeFolder: string
  /** Whether people sit at the other end. */
  readonly isTerminal: { readonly input: boolean; readonly output: boolean; readonly errors: boolean }
  /** Characters of a line of the terminal; undefined where there is none. */
  readonly columns: number | undefined
  /**
   * Writes to standard output; resolves when it is written, or cannot be. Nothing is written once its reader is gone, or
   * `outputFailure` is set.
   */
  write(data: string | Uint8Array): Promise<void>
  /** Writes to standard error. */
  say(text: string): void
  /** Why standard output takes nothing more, such as a full disk; undefined while it does, and when its reader is gone. */
  readonly outputFailure: Error | undefined
  /** The reader of standard output is gone, or it takes nothing more: nothing more is to be written. */
  readonly outputClosed: AbortSignal
  /** The user wants an end: Ctrl-C, or a signal. */
  readonly interrupted: AbortSignal
  /** Lines of standard input. They end with `interrupted` and `outputClosed`. */
  lines(): AsyncIterable<string>
  /** All of standard input. */
  input(): Promise<Buffer>
  /** The answer of whoever sits at the terminal. */
  ask(question: string): Promise<string>
  /** @returns undefined when there is no such file @throws Error of the system */
  readFile(path: string): Promise<Buffer | undefined>
  /** Replaces a file in one step; only its owner may read it. Its folder is made. @throws Error of the system */
  replacePrivateFile(path: string, content: string | Uint8Array): Promise<void>
  /**
   * Replaces a file by what is made of it, while nobody else changes it in this way; otherwise like `replacePrivateFile`.
   * @param change gets undefined when there is no such file; what it throws leaves the file as it is
   * @throws Error of the system, or when others go on changing it for 10 s
   */
  changePrivateFile(path: string, change: (content: Buffer | undefined) => string): Promise<void>
  /** A file to write, gzipped when its name ends so. It must not exist. @throws Error of the system */
  createFile(path: string): Promise<OutputFile>
  /** The lines of a file, unzipped when its name says so, with how far they are in its bytes. @throws Error of the system */
  readLines(path: string): AsyncIterable<FileLine>
  now(): number
  monotonic(): number
  /** Waits; ends early, without an error, by the signal. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>
}

export interface OutputFile {
  /** Resolves when there is room for more. @throws Error of the system */
  write(text: string): Promise<void>
  /** Resolves when everything is in the file, and it and its name are synced. @throws Error of the system */
  finish(): Promise<void>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export interface FileLine {
  readonly text: string
  /** Of the whole file, from 0 to 1, about. */
  readonly fractionRead: number
}
