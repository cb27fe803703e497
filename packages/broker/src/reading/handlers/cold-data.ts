import { coldDataBody, type commands, ProtocolError, parseJavaProperties } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { groupNameProblem, refuseProblem } from '../../configuration/index.ts'
import { type ColdReadLimits, thresholdsMax } from '../cold-read-limits.ts'

/** Commands of administrators about how much is read of old messages. */
export interface ColdDataParts {
  coldReadLimits: Pick<ColdReadLimits, 'setThreshold' | 'removeThreshold' | 'state'>
}

/** UPDATE_COLD_DATA_FLOW_CTR_CONFIG: sets how much groups may read of old messages; it is forgotten at a restart. */
export function updateColdDataFlowCtrConfig(
  parts: ColdDataParts,
): Handler<typeof commands.updateColdDataFlowCtrConfig> {
  return (_header, { body }) => {
    const thresholds = [...parseJavaProperties(body.toString('utf8'))]
    for (const [group, text] of thresholds) {
      refuseProblem(groupNameProblem(group))
      if (/^\d{1,15}$/.test(text) && Number(text) > 0) continue
      const remark = `the threshold of ${group} is ${text}: give the bytes that it may read in five seconds`
      throw new ProtocolError('INVALID_PARAMETER', remark)
    }
    for (const [group, text] of thresholds) {
      if (parts.coldReadLimits.setThreshold(group, Number(text))) continue
      throw new ProtocolError('SYSTEM_ERROR', `${thresholdsMax} groups have a threshold already: remove some first`)
    }
    return {}
  }
}

/** REMOVE_COLD_DATA_FLOW_CTR_CONFIG: the setting for all groups holds for a group again. */
export function removeColdDataFlowCtrConfig(
  parts: ColdDataParts,
): Handler<typeof commands.removeColdDataFlowCtrConfig> {
  return (_header, { body }) => {
    parts.coldReadLimits.removeThreshold(body.toString('utf8'))
    return {}
  }
}

/** GET_COLD_DATA_FLOW_CTR_INFO: who reads old messages, and how much may be read. */
export function getColdDataFlowCtrInfo(parts: ColdDataParts): Handler<typeof commands.getColdDataFlowCtrInfo> {
  return () => ({ body: coldDataBody.encode(parts.coldReadLimits.state()) })
}
