import { ConnectionLostError, RequestTimeoutError, ResponseError } from '@rocketmq-ts/remoting'

/** Nobody knows what became of what a crash interrupted. */
export async function unlessCrashed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isCrash = error instanceof ConnectionLostError || error instanceof RequestTimeoutError
    if (!isCrash && !(error instanceof ResponseError) && !/connect|refused|unreachable/i.test((error as Error).message))
      throw error
  }
}
