using Confluent.Kafka;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>Adds items to the topic, each as a message with the step's id as its key.</summary>
/// <param name="sent">Hears of every message that the brokers have.</param>
internal sealed class Sender(CurrentProducer producer, string topic, Reach reach, Action<TopicPartitionOffset> sent)
{
    /// <summary>So many messages are under way for one caller; librdkafka refuses more than 100,000 altogether.</summary>
    private const int ChunkSize = 10_000;

    /// <exception cref="IOException">The brokers did not take all of them.</exception>
    public async Task SendAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        foreach (var chunk in items.Chunk(ChunkSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            reach.ThrowIfAway();
            try
            {
                await producer.UseAsync(client => SendAsync(client, chunk).WaitAsync(cancellationToken));
            }
            catch (KafkaException fault)
            {
                throw reach.Lose(fault.Error);
            }
        }
    }

    private Task SendAsync(IProducer<string, byte[]> client, QueueItem[] chunk)
    {
        var receipt = new Receipt(chunk.Length);
        Array.ForEach(chunk, item => Send(client, item, receipt));
        return receipt.Complete;
    }

    private void Send(IProducer<string, byte[]> client, QueueItem item, Receipt receipt) =>
        client.Produce(topic, new Message<string, byte[]> { Key = item.StepId, Value = ItemJson.Write(item) }, report =>
        {
            if (!report.Error.IsError)
            {
                sent(report.TopicPartitionOffset);
            }

            receipt.Note(report.Error);
        });

    /// <summary>Counts the answers to so many messages.</summary>
    private sealed class Receipt(int count)
    {
        private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int left = count;
        private Error? fault;

        /// <summary>Ends with the last answer; fails when one of them was a fault.</summary>
        public Task Complete => complete.Task;

        public void Note(Error error)
        {
            if (error.IsError)
            {
                Interlocked.CompareExchange(ref fault, error, null);
            }

            if (Interlocked.Decrement(ref left) > 0)
            {
                return;
            }

            if (Volatile.Read(ref fault) is { } first)
            {
                complete.SetException(new KafkaException(first));
            }
            else
            {
                complete.SetResult();
            }
        }
    }
}
