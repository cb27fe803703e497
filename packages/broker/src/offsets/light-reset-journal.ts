import type { DataVersion } from '@rocketmq-ts/protocol'
import { changeFields, integerIn, textIn } from '../kept/index.ts'

/** A group was to go on elsewhere in a light queue. */
export interface LightReset {
  group: string
  queue: string
  offset: number
  /** Whether the queue was about to be removed then: what was said is not of the one that was made anew since. */
  isLeaving: boolean
}

/**
 * config/lmqConsumerOffset.journal: where groups were to go on in light queues since config/lmqConsumerOffset.json was written.
 * Each line is a JSON object with the fields of a reset. Writing the whole file for each would take seconds with a million
 * offsets.
 */
export const lightResetJournal = {
  file: 'lmqConsumerOffset.journal',
  versionOf: (dataVersion: DataVersion | undefined) => dataVersion as DataVersion,
  format: (reset: LightReset): string => JSON.stringify(reset),
  parse(line: string): LightReset {
    const fields = changeFields(line)
    return {
      group: textIn('group', fields.group),
      queue: textIn('queue', fields.queue),
      offset: integerIn('offset', fields.offset),
      // Earlier versions did not say it.
      isLeaving: fields.isLeaving !== false,
    }
  },
} as const
