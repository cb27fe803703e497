import { createNodePlatform, type Platform } from '@rocketmq-ts/platform'
import { createLog, type LogOptions } from './log.ts'

/** The platform of a process or thread that ends when another one has taken its folder. */
export function appPlatform(logOptions: LogOptions): Platform {
  return createNodePlatform({
    onFolderLost(path) {
      const why =
        'another process has taken the folder while this one stood still: it ends without writing anything more'
      createLog('rocketmq', logOptions).error({ path }, why)
      process.exit(1)
    },
  })
}
