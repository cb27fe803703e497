import { createNodePlatform, freeReceivedMemory, type Platform } from '@rocketmq-ts/platform'
import { createLog, type LogOptions } from './log.ts'

/** The platform of a server's process or thread; the process ends when another one has taken its folder. */
export function appPlatform(logOptions: LogOptions): Platform {
  freeReceivedMemory()
  return createNodePlatform({
    onFolderLost(path) {
      const why =
        'the mark of this process in its folder is gone: another process has taken the folder while this one stood ' +
        'still, or somebody has deleted its files; this one ends without writing anything more'
      createLog('rocketmq', logOptions).error({ path }, why)
      process.exit(1)
    },
  })
}
