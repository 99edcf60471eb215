using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;

namespace Refinery.Kernel.Storage;

/// <summary>What hosts on one database tell each other of their commits. Where one process holds the database there is nobody to tell.</summary>
/// <remarks>A notice may be lost with a connection: it saves waiting, and nobody may count on it. Safe for all threads.</remarks>
public sealed class Notices
{
    internal const string Channel = "refinery";

    /// <summary>Bytes of one notification at most, less than what Postgres takes.</summary>
    private const int MaxPayload = 7000;

    private readonly ConcurrentDictionary<string, Action<string?>> listeners = new(StringComparer.Ordinal);
    private readonly string self = Guid.NewGuid().ToString("N");

    /// <summary>Has an action run for each notice of a topic from another host, and with null whenever some may have been missed. Quick, and never throws.</summary>
    public void Hear(string topic, Action<string?> action) => listeners[topic] = action;

    /// <summary>What a group says, in as few notifications as can be.</summary>
    internal IEnumerable<string> Payloads(IReadOnlyCollection<Notice> notices)
    {
        var page = new List<string> { self };
        var length = self.Length;
        foreach (var notice in notices)
        {
            length += notice.Topic.Length + (notice.Text.Length * 2) + 8;
            if (length > MaxPayload && page.Count > 1)
            {
                yield return JsonSerializer.Serialize(page);
                page = [self];
                length = self.Length;
            }

            page.AddRange([notice.Topic, notice.Text]);
        }

        yield return JsonSerializer.Serialize(page);
    }

    /// <summary>Hears the other hosts until the token fires or the connection is lost.</summary>
    internal async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        connection.Notification += (_, notification) => Take(notification.Payload);
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var action in listeners.Values)
        {
            action(null);
        }

        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void Take(string payload)
    {
        var words = JsonSerializer.Deserialize<string[]>(payload) ?? [];
        for (var at = 1; words is [var sender, ..] && sender != self && at + 1 < words.Length; at += 2)
        {
            listeners.GetValueOrDefault(words[at])?.Invoke(words[at + 1]);
        }
    }
}

/// <summary>One thing a commit tells the other hosts.</summary>
/// <param name="Topic">Whom it concerns: a word.</param>
/// <param name="Text">A few words; empty when the topic says all.</param>
internal sealed record Notice(string Topic, string Text);
