import { createRequire } from 'node:module'

/** The part of fs-native-extensions that is used. */
export interface NativeLocks {
  /** Takes an exclusive lock on a range of bytes. @returns false when another one has it */
  tryLock(descriptor: number, offset: number, length: number): boolean
}

/**
 * The single executable has another file in the place of this one, which takes the binary from itself.
 * @returns undefined when there is no binary for this system, such as Linux with musl, on Deno, or when it was not installed
 */
export function loadNativeLocks(): NativeLocks | undefined {
  // Deno 2.9 ends without a word when it loads the binary.
  if (process.versions.deno !== undefined) return undefined
  try {
    const require = createRequire(import.meta.url)
    return require('fs-native-extensions')
  } catch {
    return undefined
  }
}
