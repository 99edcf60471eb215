using System.Buffers.Binary;
using System.Text;
using Refinery.Contract;

namespace Refinery.RedisQueue;

/// <summary>An item as the bytes Redis keeps. They hold the whole item, and sort in the order items are called.</summary>
/// <remarks>
/// 4 bytes of priority, the highest sorting first · 8 of rank, the lowest first · 8 of the instant of submission in ticks of UTC ·
/// 2 of the type's length · the type · the id. Numbers are big-endian, texts UTF-8.
/// </remarks>
internal static class StoredItem
{
    private const int RankAt = 4;
    private const int InstantAt = 12;
    private const int TypeLengthAt = 20;
    private const int TypeAt = 22;

    public static byte[] Write(QueueItem item)
    {
        var typeLength = Encoding.UTF8.GetByteCount(item.Type);
        var bytes = new byte[TypeAt + typeLength + Encoding.UTF8.GetByteCount(item.StepId)];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(span, (uint)(~item.Priority ^ int.MinValue));
        BinaryPrimitives.WriteUInt64BigEndian(span[RankAt..], (ulong)(item.Rank ^ long.MinValue));
        BinaryPrimitives.WriteInt64BigEndian(span[InstantAt..], item.EnqueuedAt.UtcTicks);
        BinaryPrimitives.WriteUInt16BigEndian(span[TypeLengthAt..], checked((ushort)typeLength));
        Encoding.UTF8.GetBytes(item.Type, span[TypeAt..]);
        Encoding.UTF8.GetBytes(item.StepId, span[(TypeAt + typeLength)..]);
        return bytes;
    }

    /// <returns>Null when the bytes are no item.</returns>
    public static QueueItem? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < TypeAt || ReadInstant(bytes[InstantAt..]) is not { } instant)
        {
            return null;
        }

        var idAt = TypeAt + BinaryPrimitives.ReadUInt16BigEndian(bytes[TypeLengthAt..]);
        return idAt > bytes.Length ? null : new QueueItem(
            Encoding.UTF8.GetString(bytes[idAt..]),
            Encoding.UTF8.GetString(bytes[TypeAt..idAt]),
            ~((int)BinaryPrimitives.ReadUInt32BigEndian(bytes) ^ int.MinValue),
            (long)BinaryPrimitives.ReadUInt64BigEndian(bytes[RankAt..]) ^ long.MinValue,
            instant);
    }

    /// <summary>The instant that the bytes begin with; null when it is none.</summary>
    public static DateTimeOffset? ReadInstant(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.TryReadInt64BigEndian(bytes, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
}
