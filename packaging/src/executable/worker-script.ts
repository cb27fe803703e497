import { getAsset } from 'node:sea'

/** In the place of apps/rocketmq/src/cluster/worker-script.ts: the program is a part of the executable. */
export function brokerWorkerScript(): { script: string; options: { eval: true } } {
  return { script: getAsset('broker-worker', 'utf8'), options: { eval: true } }
}
