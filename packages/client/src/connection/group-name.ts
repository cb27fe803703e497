import { invalidArgument } from '../rocketmq-error.ts'

const lengthMax = 120
const pattern = /^[%|a-zA-Z0-9_-]+$/

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkedGroup(group: string): string {
  if (typeof group === 'string' && group.length <= lengthMax && pattern.test(group)) return group
  throw invalidArgument(`"${group}" is no name of a group: use 1 to ${lengthMax} letters, digits and %|_-`)
}
