module rocketmq-ts/loadgen

go 1.21
