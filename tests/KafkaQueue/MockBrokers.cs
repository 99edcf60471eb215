using System.Runtime.InteropServices;
using System.Text;

namespace Refinery.Tests.KafkaQueue;

/// <summary>Three brokers in this process that speak Kafka's protocol on loopback: those librdkafka has for its own tests.</summary>
internal sealed class MockBrokers : IDisposable
{
    private const string Library = "librdkafka.so.1";
    private const int Count = 3;

    private readonly nint client;
    private readonly nint cluster;

    public MockBrokers()
    {
        var configuration = NewConfiguration();
        var error = new byte[512];
        foreach (var (name, value) in new[] { ("test.mock.num.brokers", $"{Count}"), ("log_level", "0") })
        {
            Assert.True(Set(configuration, name, value, error, (nuint)error.Length) == 0, Encoding.UTF8.GetString(error));
        }

        client = NewClient(type: 0, configuration, error, (nuint)error.Length);
        Assert.True(client != 0, Encoding.UTF8.GetString(error));
        cluster = FindCluster(client);
        Addresses = Marshal.PtrToStringUTF8(FindAddresses(cluster))!;
    }

    /// <summary>As <c>KAFKA_BROKERS</c> has them.</summary>
    public string Addresses { get; }

    /// <summary>Cuts every connection and refuses new ones; what was stored is kept.</summary>
    public void GoAway() => Each(SetDown);

    public void ComeBack() => Each(SetUp);

    /// <summary>Answers the next requests of a kind with errors, one each; both go by their numbers in the protocol.</summary>
    public void Refuse(short request, params int[] errors) => Push(cluster, request, (nuint)errors.Length, errors);

    /// <summary>Ends them; librdkafka does not always come back from that, and what is left then ends with this process.</summary>
    public void Dispose()
    {
        var ending = new Thread(() => Destroy(client)) { IsBackground = true };
        ending.Start();
        ending.Join(TimeSpan.FromSeconds(30));
    }

    private void Each(Func<nint, int, int> change) =>
        Assert.All(Enumerable.Range(1, Count), broker => Assert.Equal(0, change(cluster, broker)));

    [DllImport(Library, EntryPoint = "rd_kafka_conf_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NewConfiguration();

    [DllImport(Library, EntryPoint = "rd_kafka_conf_set"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(
        nint configuration, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, byte[] error, nuint size);

    [DllImport(Library, EntryPoint = "rd_kafka_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NewClient(int type, nint configuration, byte[] error, nuint size);

    [DllImport(Library, EntryPoint = "rd_kafka_destroy"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Destroy(nint client);

    [DllImport(Library, EntryPoint = "rd_kafka_handle_mock_cluster"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint FindCluster(nint client);

    [DllImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint FindAddresses(nint cluster);

    [DllImport(Library, EntryPoint = "rd_kafka_mock_broker_set_down"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetDown(nint cluster, int broker);

    [DllImport(Library, EntryPoint = "rd_kafka_mock_broker_set_up"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetUp(nint cluster, int broker);

    [DllImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Push(nint cluster, short request, nuint count, int[] errors);
}
