import { type DataVersion, dataVersionBody, stringifyStandard } from '@rocketmq-ts/protocol'

/** How a journal names a version of the table's file. */
export function versionName(dataVersion: DataVersion | undefined): string {
  return dataVersion === undefined ? 'none' : stringifyStandard(dataVersionBody.toWritable(dataVersion))
}
