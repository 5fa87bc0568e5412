// SPDX-License-Identifier: Apache-2.0
'use strict';
// The Node client as a testee: producer and push consumer of an unmodified ali-ons.
// Prints each message as msgId,queueId,body; here msgId is the broker's (offset) message id.
const { Consumer, Message, Producer } = require('ali-ons');

const options = namesrv => ({
  nameSrv: namesrv,
  // The client insists on one, for a name server's address list; with nameSrv it is never asked.
  httpclient: { request() { throw new Error('the address list is not asked for'); } },
});

function fail(err) {
  console.error(err);
  process.exit(1);
}

// Prints what arrives until SIGTERM, then closes the consumer.
async function consume(namesrv, group, topic) {
  const consumer = new Consumer({
    ...options(namesrv), consumerGroup: group, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  });
  consumer.on('error', err => console.error(err));
  consumer.subscribe(topic, '*', async msg => {
    console.log(`${msg.msgId},${msg.queueId},${msg.body.toString()}`);
  });
  process.once('SIGTERM', () => consumer.close().then(() => process.exit(0), fail));
  await consumer.ready();
}

// Above the client's threshold of 4 KiB.
const COMPRESSED_BODY_BYTES = 8192;

// Sends COUNT messages of each KIND: sync, compressed.
async function produce(namesrv, topic, kinds) {
  const producer = new Producer({ ...options(namesrv), producerGroup: 'TESTEE_PRODUCER' });
  producer.on('error', err => console.error(err));
  await producer.ready();
  for (let k = 0; k < kinds.length; k += 2) {
    for (let i = 0; i < Number(kinds[k + 1]); i++) {
      let body = `${kinds[k]}-${i}`;
      while (kinds[k] === 'compressed' && body.length < COMPRESSED_BODY_BYTES) {
        body += ` again ${i}`;
      }
      const message = new Message(topic, 'TagA', body);
      message.keys = [`${kinds[k]}-key-${i}`];
      const result = await producer.send(message);
      console.log(`${result.msgId},${result.messageQueue.queueId},${body}`);
    }
  }
  await producer.close();
  process.exit(0);
}

const [verb, ...args] = process.argv.slice(2);
if (verb === 'consume' && args.length === 3) {
  consume(...args).catch(fail);
} else if (verb === 'produce' && args.length >= 4 && args.length % 2 === 0) {
  produce(args[0], args[1], args.slice(2)).catch(fail);
} else {
  fail('usage: testee.js consume NAMESRV GROUP TOPIC | produce NAMESRV TOPIC KIND COUNT [KIND COUNT]...');
}
