namespace Refinery.Artifacts;

/// <summary>The bytes of an object, asked for from where they are first read; read it asynchronously.</summary>
/// <param name="length">Of the whole object.</param>
/// <param name="openAsync">Gives the bytes from a position on.</param>
internal sealed class BucketContent(long length, Func<long, CancellationToken, Task<Stream>> openAsync) : Stream
{
    private Stream? part;
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (value != position)
            {
                part?.Dispose();
                part = null;
                position = value;
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (position >= length || buffer.IsEmpty)
        {
            return 0;
        }

        part ??= await openAsync(position, cancellationToken);
        var count = await part.ReadAsync(buffer, cancellationToken);
        if (count == 0)
        {
            throw new EndOfStreamException($"An object of {length} bytes ended after {position}.");
        }

        position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => position + offset,
        SeekOrigin.End => length + offset,
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, message: null),
    };

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An object is read asynchronously.");

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("An object is only read.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("An object is only read.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            part?.Dispose();
        }

        base.Dispose(disposing);
    }
}
