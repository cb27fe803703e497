import { applied, boolean, int, live, long } from '@rocketmq-ts/settings'

export const transactionSettings = {
  ...applied('Transactions', {
    transactionTimeOut: live(
      long({ min: 0, unit: 'ms' }),
      6000,
      'Milliseconds in which a transaction should end: its producers are asked about it after them.',
    ),
    transactionCheckMax: live(int({ min: 0 }), 15, 'How often they are asked, before the transaction is given up.'),
    transactionCheckInterval: live(long({ min: 1, unit: 'ms' }), 30_000, 'Milliseconds from one question to the next.'),
    transactionOpMsgMaxSize: live(
      int({ min: 1, unit: 'bytes' }),
      4096,
      'Bytes of a record that tells which transactions have ended.',
    ),
    transactionOpBatchInterval: live(
      int({ min: 1, unit: 'ms' }),
      3000,
      'Milliseconds in which committed transactions are gathered for such a record.',
    ),
    rejectTransactionMessage: live(boolean, false, 'Takes no messages of transactions.'),
  }),
}
