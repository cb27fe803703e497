/** The fields by which a message of a lite topic is named. */
export interface LiteReceiptHeader {
  consumerGroup: string
  /** The parent topic. */
  topic: string
  liteTopic: string
  queueId: number
  extraInfo: string
  offset: number
}

/** What is done with messages of lite topics that were given out; they are always in order. */
export interface LiteReceipts {
  /** @throws ProtocolError when the message was not given with this receipt */
  acknowledge(header: LiteReceiptHeader): void
  /**
   * The message is visible again after so many milliseconds from now.
   * @param isSuspended whether its group is given it once more without counting that as another delivery
   * @throws ProtocolError when the message was not given with this receipt
   */
  changeVisible(
    header: LiteReceiptHeader,
    afterMs: number,
    isSuspended: boolean,
  ): { popTime: number; invisibleTime: number; reviveQid: number }
}
