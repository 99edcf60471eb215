using System.Buffers.Binary;
using System.Text;

namespace Refinery.Tests.Traces;

/// <summary>Reads as much of an ExportTraceServiceRequest as the tests ask for.</summary>
/// <remarks>Source: opentelemetry-proto, trace.proto, common.proto, resource.proto; Protocol Buffers, "Encoding".</remarks>
internal static class OtlpReader
{
    public static IEnumerable<ReceivedSpan> Read(byte[] message) =>
        from resource in Fields(message).Where(field => field.Number == 1)
        let process = Fields(resource.Bytes).Where(field => field.Number == 1).SelectMany(field => Tags(field.Bytes, number: 1)).ToList()
        from scope in Fields(resource.Bytes).Where(field => field.Number == 2)
        let name = Text(Fields(scope.Bytes).Where(field => field.Number == 1).SelectMany(field => Fields(field.Bytes)), number: 1)
        from span in Fields(scope.Bytes).Where(field => field.Number == 2)
        select Span([.. Fields(span.Bytes)], name, [.. process, .. Tags(span.Bytes, number: 9)]);

    private static ReceivedSpan Span(IReadOnlyList<Field> fields, string scope, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var status = fields.Where(field => field.Number == 15).SelectMany(field => Fields(field.Bytes)).ToList();
        return new ReceivedSpan(
            Hex(fields, 1), Hex(fields, 2), Hex(fields, 4), Text(fields, 5), scope,
            tags.ToDictionary(StringComparer.Ordinal), status.FirstOrDefault(field => field.Number == 3)?.Value ?? 0, Text(status, 2));
    }

    private static IEnumerable<KeyValuePair<string, string>> Tags(byte[] owner, int number)
    {
        foreach (var pair in Fields(owner).Where(field => field.Number == number))
        {
            var fields = Fields(pair.Bytes).ToList();
            var value = fields.Where(field => field.Number == 2).SelectMany(field => Fields(field.Bytes)).FirstOrDefault();
            yield return KeyValuePair.Create(Text(fields, 1), value switch
            {
                null => string.Empty,
                { Number: 1 } => Encoding.UTF8.GetString(value.Bytes),
                _ => $"{value.Value}",
            });
        }
    }

    private static string Text(IEnumerable<Field> fields, int number) =>
        Encoding.UTF8.GetString(fields.FirstOrDefault(field => field.Number == number)?.Bytes ?? []);

    private static string Hex(IEnumerable<Field> fields, int number) =>
        Convert.ToHexStringLower(fields.FirstOrDefault(field => field.Number == number)?.Bytes ?? []);

    private static IEnumerable<Field> Fields(byte[] message)
    {
        for (var place = 0; place < message.Length;)
        {
            var tag = Varint(message, ref place);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return new Field(number, Varint(message, ref place), []);
                    break;
                case 1:
                    yield return new Field(number, BinaryPrimitives.ReadInt64LittleEndian(message.AsSpan(place)), []);
                    place += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref place);
                    yield return new Field(number, 0, message[place..(place + length)]);
                    place += length;
                    break;
                case 5:
                    yield return new Field(number, BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(place)), []);
                    place += 4;
                    break;
                default:
                    throw new InvalidDataException($"The wire type {tag & 7} is unknown.");
            }
        }
    }

    private static long Varint(byte[] message, ref int place)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[place++];
            value |= (long)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    /// <summary>A field of a message: a number, or bytes that are a text or a message of their own.</summary>
    private sealed record Field(int Number, long Value, byte[] Bytes);
}
