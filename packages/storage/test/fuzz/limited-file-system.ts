import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'

/** A store went on and on using the disk: it would never come to an end. */
export class EndlessWorkError extends Error {
  override readonly name = 'EndlessWorkError'
}

/** A file system that can be called `callsMax` times. */
export function limitedFileSystem(fileSystem: FileSystem, callsMax: number): FileSystem {
  let calls = 0
  const counted = <Target extends object>(target: Target, after: (result: unknown) => unknown): Target =>
    new Proxy(target, {
      get(_, name) {
        const value = Reflect.get(target, name) as unknown
        if (typeof value !== 'function') return value
        return (...parameters: unknown[]) => {
          if (++calls > callsMax) throw new EndlessWorkError(`more than ${callsMax} calls of the file system`)
          return after(Reflect.apply(value, target, parameters))
        }
      },
    })
  const isHandle = (result: unknown): result is FileHandle =>
    typeof result === 'object' && result !== null && 'syncData' in result
  return counted(fileSystem, (result) => (isHandle(result) ? counted(result, (inner) => inner) : result))
}
