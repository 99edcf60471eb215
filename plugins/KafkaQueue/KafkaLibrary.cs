using System.Runtime.InteropServices;
using Confluent.Kafka;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>Leads the client package to the system's own librdkafka; the package's copy of it is not delivered.</summary>
internal static class KafkaLibrary
{
    /// <summary>What the package calls it in its imports.</summary>
    private const string ImportName = "librdkafka";

    private static readonly Lock Gate = new();
    private static nint library;

    /// <summary>Must come before the package is used.</summary>
    /// <exception cref="PluginException">The library is not installed.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (library == 0)
            {
                library = Find("librdkafka.so.1");
                NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, (name, _, _) => name == ImportName ? library : 0);
            }
        }
    }

    /// <summary>Loads a library by its file's name.</summary>
    public static nint Find(string fileName) => NativeLibrary.TryLoad(fileName, out var found) ? found : throw new PluginException(
        $"QUEUE_BACKEND 'kafka' needs the library '{fileName}', which cannot be loaded; on Debian install the package librdkafka1.");
}
