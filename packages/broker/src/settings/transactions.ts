import { boolean, int, live, long, notServed } from '@rocketmq-ts/settings'

export const transactionSettings = {
  ...notServed('Transactions', 'transactions are not served yet', {
    transactionTimeOut: live(long({ unit: 'ms' }), 6000, 'Milliseconds before a transaction is first checked.'),
    transactionCheckMax: live(int(), 15, 'Checks after which a transaction is given up.'),
    transactionCheckInterval: live(long({ unit: 'ms' }), 30_000, 'Milliseconds between two checks.'),
    transactionOpMsgMaxSize: live(int({ unit: 'bytes' }), 4096, 'Bytes of ended transactions in one record.'),
    transactionOpBatchInterval: live(int({ unit: 'ms' }), 3000, 'Milliseconds that ended transactions are gathered.'),
    rejectTransactionMessage: live(boolean, false, 'Refuses transactions.'),
  }),
  ...notServed('Recall', 'recalling a timed message is not served yet', {
    recallMessageEnable: live(boolean, false, 'Producers may recall timed messages.'),
    allowRecallWhenBrokerNotWriteable: live(boolean, true, 'Even while the broker takes no messages.'),
  }),
}
