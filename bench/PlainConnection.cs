using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Refinery.Bench;

/// <summary>One kept-alive HTTP connection that does no more than a load generator must, so that on two cores the client is not what is measured.</summary>
internal sealed class PlainConnection : IDisposable
{
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[16 << 10];
    private readonly string host;

    private PlainConnection(string host) => this.host = host;

    public static async Task<PlainConnection> OpenAsync(Uri address)
    {
        var connection = new PlainConnection(address.Authority);
        await connection.socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return connection;
    }

    /// <summary>POSTs a JSON text and reads the whole answer; fails on any but 2xx.</summary>
    public async Task PostAsync(string path, string json)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}"));
        var filled = 0;
        while (!IsWhole(buffer.AsSpan(0, filled)))
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
            filled += read > 0 ? read : throw new IOException("The host closed the connection in the middle of an answer.");
        }

        if (!buffer.AsSpan(0, filled).StartsWith("HTTP/1.1 2"u8))
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(buffer, 0, filled));
        }
    }

    public void Dispose() => socket.Dispose();

    /// <summary>Answers come with a length, or chunked with an empty last chunk.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var at = answer[..head].IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            return answer.EndsWith("\r\n0\r\n\r\n"u8);
        }

        var digits = answer[(at + "Content-Length: ".Length)..];
        return answer.Length - head - 4 >= int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
